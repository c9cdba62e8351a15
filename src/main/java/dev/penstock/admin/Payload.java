package dev.penstock.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.embedding.EmbeddingOutput;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An input or a result as a page shows it.
 *
 * @param summary what it is, in a few words
 * @param text the beginning of it
 * @param cut whether there is more
 */
public record Payload(String summary, String text, boolean cut) {
  private static final int MAX_SHOWN = 4_000;

  /** Larger ones are shown as they were sent: nobody reads them to the end here. */
  private static final int MAX_PRETTY = 64 * 1024;

  private static final int VECTORS_SHOWN = 3;
  private static final int NUMBERS_SHOWN = 6;
  private static final int KIB = 1_024;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectWriter PRETTY =
      JSON.writer(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance().withObjectFieldValueSpacing(Spacing.AFTER))
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n")));

  static Payload of(TaskOutput output) {
    return switch (output.format()) {
      case JSON -> json(output.bytes());
      case EMBEDDINGS -> vectors(EmbeddingOutput.of(output));
    };
  }

  static Payload json(byte[] bytes) {
    String text = pretty(bytes);
    boolean cut = text.length() > MAX_SHOWN;
    return new Payload(size(bytes.length), cut ? start(text) + "…" : text, cut);
  }

  private static String pretty(byte[] bytes) {
    if (bytes.length > MAX_PRETTY) {
      return new String(bytes, 0, MAX_PRETTY, StandardCharsets.UTF_8);
    }
    String raw = new String(bytes, StandardCharsets.UTF_8);
    try {
      return PRETTY.writeValueAsString(JSON.readTree(raw));
    } catch (JsonProcessingException e) {
      return raw;
    }
  }

  /** Never half a character. */
  private static String start(String text) {
    int end = Character.isHighSurrogate(text.charAt(MAX_SHOWN - 1)) ? MAX_SHOWN - 1 : MAX_SHOWN;
    return text.substring(0, end);
  }

  private static Payload vectors(EmbeddingOutput output) {
    int shown = Math.min(VECTORS_SHOWN, output.count());
    var lines = new StringBuilder();
    for (int i = 0; i < shown; i++) {
      float[] vector = output.vector(i);
      int some = Math.min(NUMBERS_SHOWN, vector.length);
      lines
          .append('[')
          .append(numbers(Arrays.copyOf(vector, some)))
          .append(some < vector.length ? ", …]\n" : "]\n");
    }
    if (shown < output.count()) {
      lines.append("… ").append(Times.count(output.count() - shown)).append(" more\n");
    }
    String summary =
        "%s %s × %d, %s tokens"
            .formatted(
                Times.count(output.count()),
                output.count() == 1 ? "vector" : "vectors",
                output.dimensions(),
                Times.count(output.promptTokens()));
    return new Payload(summary, lines.toString().stripTrailing(), true);
  }

  private static String numbers(float[] vector) {
    return IntStream.range(0, vector.length)
        .mapToObj(i -> String.format(Locale.ROOT, "%.4f", vector[i]))
        .collect(Collectors.joining(", "));
  }

  private static String size(int bytes) {
    if (bytes < KIB) {
      return bytes + " bytes";
    }
    return bytes < KIB * KIB
        ? String.format(Locale.ROOT, "%.1f KiB", (double) bytes / KIB)
        : String.format(Locale.ROOT, "%.1f MiB", (double) bytes / KIB / KIB);
  }
}
