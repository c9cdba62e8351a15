package dev.penstock.admin;

import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskType.Excerpt;
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

  /** Longer ones are shown as they were sent: nobody reads them to the end here. */
  private static final int MAX_PRETTY = 64 * 1024;

  /** A character has at most so many bytes. */
  private static final int CHARACTER = 4;

  private static final int KIB = 1_024;

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
    String text = bytes.length > MAX_PRETTY ? raw(bytes) : PrettyStart.of(bytes, MAX_SHOWN + 1);
    if (text == null) {
      text = raw(bytes);
    }
    return new Payload(size(bytes.length), beginning(text), text.length() > MAX_SHOWN);
  }

  /** As they were sent, a little more than is shown. */
  private static String raw(byte[] bytes) {
    int some = Math.min(bytes.length, (MAX_SHOWN + 1) * CHARACTER);
    return new String(bytes, 0, some, StandardCharsets.UTF_8);
  }

  /** The beginning of a text, which anybody may have made as long as he likes. */
  static String beginning(String text) {
    if (text.length() <= MAX_SHOWN) {
      return text;
    }
    // never half a character
    int end = Character.isHighSurrogate(text.charAt(MAX_SHOWN - 1)) ? MAX_SHOWN - 1 : MAX_SHOWN;
    return text.substring(0, end) + "…";
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
