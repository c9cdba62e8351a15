package dev.penstock.templates;

import java.util.Arrays;
import java.util.Locale;

/** Python's ways with a text, where Java's differ. */
final class Texts {
  private Texts() {}

  /** A space to Python, among which are those that do not break a line. */
  static boolean isBlank(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  static boolean isBlank(String text) {
    return text.chars().allMatch(Texts::isBlank);
  }

  static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && isBlank(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /**
   * Without the characters at its ends that are among these.
   *
   * @param characters empty: blanks
   */
  static String strip(String text, String characters, boolean start, boolean end) {
    int from = 0;
    int to = text.length();
    while (start && from < to && strips(text.charAt(from), characters)) {
      from++;
    }
    while (end && to > from && strips(text.charAt(to - 1), characters)) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean strips(char c, String characters) {
    return characters.isEmpty() ? isBlank(c) : characters.indexOf(c) >= 0;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** What was found at an index of Java's, as Python counts. */
  static long index(String text, int found) {
    return found < 0 ? -1 : text.codePointCount(0, found);
  }

  static String capitalized(String text) {
    int first = text.isEmpty() ? 0 : Character.charCount(text.codePointAt(0));
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  /** A capital at the start and after each character that is none of a word. */
  static String title(String text, String before) {
    var title = new StringBuilder(text.length());
    boolean starts = true;
    for (int c : text.codePoints().toArray()) {
      title.appendCodePoint(starts ? Character.toTitleCase(c) : Character.toLowerCase(c));
      starts = before.isEmpty() ? !Character.isLetter(c) : before.indexOf(c) >= 0 || isBlank(c);
    }
    return title.toString();
  }

  static String reversed(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  static String picked(String text, int[] indices) {
    int[] all = text.codePoints().toArray();
    int[] picked = Arrays.stream(indices).map(i -> all[i]).toArray();
    return new String(picked, 0, picked.length);
  }

  /** As Python writes a text within a list. */
  static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    var quoted = new StringBuilder(text.length() + 2).append(quote);
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> quoted.append("\\n");
            case '\r' -> quoted.append("\\r");
            case '\t' -> quoted.append("\\t");
            case '\\' -> quoted.append("\\\\");
            default -> {
              if (c == quote) {
                quoted.append('\\').append(quote);
              } else if (isPrintable(c)) {
                quoted.appendCodePoint(c);
              } else {
                String form = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
                quoted.append(String.format(Locale.ROOT, form, c));
              }
            }
          }
        });
    return quoted.append(quote).toString();
  }

  private static boolean isPrintable(int c) {
    return c == ' '
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }
}
