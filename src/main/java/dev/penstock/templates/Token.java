package dev.penstock.templates;

/**
 * A word of a template.
 *
 * @param text of a string: what it stands for
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    PRINT,
    PRINT_END,
    TAG,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind wanted, String wantedText) {
    return kind == wanted && text.equals(wantedText);
  }

  /** As an error names it. */
  String told() {
    return switch (kind) {
      case END -> "the end of the template";
      case DATA -> "text";
      case PRINT -> "{{";
      case TAG -> "{%";
      case PRINT_END -> "}}";
      case TAG_END -> "%}";
      case NAME, STRING, INTEGER, FLOAT, OPERATOR ->
          "'" + (text.length() > 40 ? text.substring(0, 40) + "…" : text) + "'";
    };
  }
}
