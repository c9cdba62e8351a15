package dev.penstock.engine.chat;

import java.util.regex.Pattern;

/** Reads one JSON value character by character, and says what each of them has made of it. */
final class JsonScan {
  /** What a character was. */
  enum Sign {
    /** A part of something, or a blank. */
    INSIDE,
    OPEN_OBJECT,
    OPEN_LIST,
    CLOSE,
    /** The end of a member's name. */
    NAME,
    /** The end of a string. */
    TEXT,
    /** The end of {@code null}. */
    NULL,
    /** It cannot be there. */
    WRONG
  }

  private enum Due {
    VALUE,
    VALUE_OR_END,
    NAME,
    NAME_OR_END,
    COLON,
    COMMA_OR_END,
    NOTHING
  }

  private static final int MAX_DEPTH = 64;
  private static final int LONGEST_NUMBER = 400;
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
  private static final String WORD_STARTS = "tfn";

  /** Which of the open values are objects. */
  private final boolean[] objects = new boolean[MAX_DEPTH];

  private int depth;
  private Due due = Due.VALUE;

  /** The string, number or word that is being read; empty: none. */
  private final StringBuilder part = new StringBuilder();

  private String last = "";
  private boolean escaped;
  private int hexDigits;

  /** Whether the value is whole: a blank may follow, and nothing else. */
  boolean done() {
    return due == Due.NOTHING;
  }

  /** The string that has just ended, as it was written, with its quotation marks. */
  String text() {
    return last;
  }

  Sign take(char c) {
    if (!part.isEmpty()) {
      char first = part.charAt(0);
      if (first == '"') {
        return inString(c);
      }
      if (WORD_STARTS.indexOf(first) >= 0) {
        return inWord(c);
      }
      if (c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E' || (c >= '0' && c <= '9')) {
        part.append(c);
        return part.length() > LONGEST_NUMBER ? Sign.WRONG : Sign.INSIDE;
      }
      if (!NUMBER.matcher(part).matches()) {
        return Sign.WRONG;
      }
      part.setLength(0);
      valueEnds();
    }
    return isBlank(c) ? Sign.INSIDE : between(c);
  }

  static boolean isBlank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  private Sign between(char c) {
    return switch (due) {
      case VALUE -> value(c);
      case VALUE_OR_END -> c == ']' ? closed() : value(c);
      case NAME -> c == '"' ? begun(c) : Sign.WRONG;
      case NAME_OR_END -> c == '}' ? closed() : c == '"' ? begun(c) : Sign.WRONG;
      case COLON -> {
        due = Due.VALUE;
        yield c == ':' ? Sign.INSIDE : Sign.WRONG;
      }
      case COMMA_OR_END -> {
        boolean object = objects[depth - 1];
        if (c == ',') {
          due = object ? Due.NAME : Due.VALUE;
          yield Sign.INSIDE;
        }
        yield c == (object ? '}' : ']') ? closed() : Sign.WRONG;
      }
      case NOTHING -> Sign.WRONG;
    };
  }

  private Sign value(char c) {
    if (c == '{' || c == '[') {
      if (depth == MAX_DEPTH) {
        return Sign.WRONG;
      }
      objects[depth++] = c == '{';
      due = c == '{' ? Due.NAME_OR_END : Due.VALUE_OR_END;
      return c == '{' ? Sign.OPEN_OBJECT : Sign.OPEN_LIST;
    }
    boolean begins = c == '"' || c == '-' || (c >= '0' && c <= '9') || WORD_STARTS.indexOf(c) >= 0;
    return begins ? begun(c) : Sign.WRONG;
  }

  private Sign begun(char c) {
    part.append(c);
    return Sign.INSIDE;
  }

  private Sign closed() {
    depth--;
    valueEnds();
    return Sign.CLOSE;
  }

  private void valueEnds() {
    due = depth == 0 ? Due.NOTHING : Due.COMMA_OR_END;
  }

  private Sign inWord(char c) {
    part.append(c);
    String word =
        switch (part.charAt(0)) {
          case 't' -> "true";
          case 'f' -> "false";
          default -> "null";
        };
    if (!word.startsWith(part.toString())) {
      return Sign.WRONG;
    }
    if (word.length() > part.length()) {
      return Sign.INSIDE;
    }
    part.setLength(0);
    valueEnds();
    return word.equals("null") ? Sign.NULL : Sign.INSIDE;
  }

  private Sign inString(char c) {
    part.append(c);
    if (hexDigits > 0) {
      hexDigits--;
      return c < 0x80 && Character.digit(c, 16) >= 0 ? Sign.INSIDE : Sign.WRONG;
    }
    if (escaped) {
      escaped = false;
      hexDigits = c == 'u' ? 4 : 0;
      return "\"\\/bfnrtu".indexOf(c) >= 0 ? Sign.INSIDE : Sign.WRONG;
    }
    if (c == '\\') {
      escaped = true;
      return Sign.INSIDE;
    }
    if (c != '"') {
      return c < ' ' ? Sign.WRONG : Sign.INSIDE;
    }
    last = part.toString();
    part.setLength(0);
    if (due == Due.NAME || due == Due.NAME_OR_END) {
      due = Due.COLON;
      return Sign.NAME;
    }
    valueEnds();
    return Sign.TEXT;
  }
}
