package dev.penstock.base;

/**
 * Makes foreign text safe to show on a terminal or in a log: it stays on its line, and cannot move
 * the cursor or turn the reading direction.
 */
public final class Visible {
  private static final int MAX_QUOTED = 100;

  private Visible() {}

  /** The text with control characters, line separators and direction marks written as escapes. */
  public static String text(String text) {
    int clean = 0;
    while (clean < text.length() && !hidden(text.charAt(clean))) {
      clean++;
    }
    if (clean == text.length()) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + 16).append(text, 0, clean);
    for (int i = clean; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (hidden(c)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.toString();
  }

  /** The text in quotes, cut where it is long, for a message about it. */
  public static String quoted(String text) {
    String shown = text.length() <= MAX_QUOTED ? text : text.substring(0, MAX_QUOTED) + "…";
    return "'" + text(shown) + "'";
  }

  private static boolean hidden(char c) {
    return Character.isISOControl(c)
        || c == '\u2028'
        || c == '\u2029'
        || c == '\u200e'
        || c == '\u200f'
        || (c >= '\u202a' && c <= '\u202e')
        || (c >= '\u2066' && c <= '\u2069');
  }
}
