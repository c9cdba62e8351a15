package dev.penstock.types.embedding;

import dev.penstock.types.TaskType.Excerpt;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The first numbers of the first vectors. */
final class EmbeddingExcerpt {
  private static final int VECTORS_SHOWN = 3;
  private static final int NUMBERS_SHOWN = 6;

  private EmbeddingExcerpt() {}

  static Excerpt of(EmbeddingOutput output) {
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
      lines.append("… ").append(count(output.count() - shown)).append(" more\n");
    }
    String summary =
        "%s %s × %d, %s tokens"
            .formatted(
                count(output.count()),
                output.count() == 1 ? "vector" : "vectors",
                output.dimensions(),
                count(output.promptTokens()));
    return new Excerpt(summary, lines.toString().stripTrailing());
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String numbers(float[] vector) {
    return IntStream.range(0, vector.length)
        .mapToObj(i -> String.format(Locale.ROOT, "%.4f", vector[i]))
        .collect(Collectors.joining(", "));
  }
}
