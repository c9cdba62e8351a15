package dev.penstock.admin;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.penstock.json.JsonMappers;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskType.Excerpt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

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

  private static final int KIB = 1_024;

  private static final ObjectWriter PRETTY =
      JsonMappers.PLAIN.writer(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance().withObjectFieldValueSpacing(Spacing.AFTER))
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n")));

  /**
   * @param type the task's; empty: it is not known here
   */
  static Payload of(TaskOutput output, Optional<TaskType> type) {
    Excerpt excerpt = type.map(known -> known.excerpt(output)).orElse(null);
    return excerpt == null
        ? json(output.bytes())
        : new Payload(excerpt.summary(), excerpt.text(), true);
  }

  static Payload json(byte[] bytes) {
    String text = pretty(bytes);
    boolean cut = text.length() > MAX_SHOWN;
    return new Payload(size(bytes.length), cut ? start(text) + "…" : text, cut);
  }

  /** Of what lies deep, the blanks alone would be a hundred times what it is: it stops in time. */
  private static String pretty(byte[] bytes) {
    if (bytes.length > MAX_PRETTY) {
      return new String(bytes, 0, MAX_PRETTY, StandardCharsets.UTF_8);
    }
    String raw = new String(bytes, StandardCharsets.UTF_8);
    var beginning = new Beginning(MAX_SHOWN + 1);
    try {
      PRETTY.writeValue(beginning, JsonMappers.PLAIN.readTree(raw));
      return beginning.toString();
    } catch (Beginning.Enough e) {
      return beginning.toString();
    } catch (IOException e) {
      return raw;
    }
  }

  /** Never half a character. */
  private static String start(String text) {
    int end = Character.isHighSurrogate(text.charAt(MAX_SHOWN - 1)) ? MAX_SHOWN - 1 : MAX_SHOWN;
    return text.substring(0, end);
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
