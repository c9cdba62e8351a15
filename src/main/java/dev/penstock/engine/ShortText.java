package dev.penstock.engine;

/**
 * A text without what its tokenizer makes no tokens of: it has the same tokens, and each of them
 * takes a bounded number of characters, where the tokenizer is one whose rules are known. Takes the
 * text piece by piece. Half a character pair becomes U+FFFD.
 */
final class ShortText {
  private static final int REPLACEMENT = 0xFFFD;
  private static final int LOOK_FOR_WORD = 1_024;

  private enum Kind {
    SPACE,
    /** Taken out before words are looked at. */
    NOTHING,
    /** Part of a word in any version of Unicode. */
    LETTER,
    /** Part of a word, or taken out. */
    OTHER,
    /** Punctuation and ideographs: a word of its own. */
    BREAK
  }

  private final Shortening rules;
  private final StringBuilder text = new StringBuilder();
  private char high;

  /** Of the word that the text ends in. */
  private int letters;

  /** Since the last character that may count. */
  private int spaces;

  private boolean nothing;
  private int last = -1;
  private int same;

  ShortText(Shortening rules) {
    this.rules = rules;
  }

  int length() {
    return text.length();
  }

  /** The first {@code chars} of it, or one fewer where that would cut a pair in two. */
  String head(int chars) {
    boolean pair = chars < text.length() && Character.isLowSurrogate(text.charAt(chars));
    return text.substring(0, Math.min(text.length(), pair ? chars - 1 : chars));
  }

  /** The last {@code chars} of it, from where a word begins if one does soon. */
  String tail(int chars) {
    return text.substring(wordAt(text.length() - chars));
  }

  /**
   * Forgets the start of a text that is more than twice as long.
   *
   * @return whether it did
   */
  boolean keepTail(int chars) {
    if (text.length() <= 2 * (long) chars) {
      return false;
    }
    text.delete(0, wordAt(text.length() - chars));
    return true;
  }

  private int wordAt(int from) {
    if (from <= 0) {
      return 0;
    }
    for (int i = from; i < Math.min(text.length(), from + LOOK_FOR_WORD); i++) {
      if (Blank.isSpace(text.charAt(i))) {
        return i;
      }
    }
    return Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from;
  }

  void add(char[] chars, int count) {
    for (int i = 0; i < count; i++) {
      add(chars[i]);
    }
  }

  void add(CharSequence chars) {
    for (int i = 0; i < chars.length(); i++) {
      add(chars.charAt(i));
    }
  }

  /** Nothing comes any more. */
  void end() {
    if (high != 0) {
      high = 0;
      point(REPLACEMENT);
    }
  }

  private void add(char c) {
    if (high != 0) {
      char first = high;
      high = 0;
      if (Character.isLowSurrogate(c)) {
        point(Character.toCodePoint(first, c));
        return;
      }
      point(REPLACEMENT);
    }
    if (Character.isHighSurrogate(c)) {
      high = c;
    } else {
      point(Character.isLowSurrogate(c) ? REPLACEMENT : c);
    }
  }

  private void point(int point) {
    boolean keep =
        switch (rules.rule()) {
          case NOTHING -> true;
          case SPACES -> keepSpaces(point == ' ', 2);
          case BLANKS ->
              keepSpaces(point == ' ' || point == '\t' || point == '\n' || point == '\r', 1);
          case BERT -> keepBert(point);
        };
    if (keep) {
      text.appendCodePoint(point);
    }
  }

  private boolean keepSpaces(boolean space, int most) {
    spaces = space ? spaces + 1 : 0;
    return spaces <= most;
  }

  private boolean keepBert(int point) {
    same = point == last ? same + 1 : 1;
    last = point;
    return switch (kind(point)) {
      case SPACE -> {
        letters = 0;
        nothing = true; // what is taken out tells apart no words here
        spaces++;
        yield spaces == 1;
      }
      case NOTHING -> {
        boolean first = !nothing;
        nothing = true;
        yield first && letters <= rules.wordChars();
      }
      case LETTER -> {
        letters++;
        nothing = false;
        spaces = 0;
        yield letters <= rules.wordChars() + 1;
      }
      case OTHER -> {
        nothing = false;
        spaces = 0;
        yield same <= rules.wordChars() + 1 && letters <= rules.wordChars();
      }
      case BREAK -> {
        letters = 0;
        nothing = false;
        spaces = 0;
        yield true;
      }
    };
  }

  private Kind kind(int point) {
    if (point < 0x80) {
      return ascii(point);
    }
    if (Blank.isSpace(point)) {
      return Kind.SPACE;
    }
    if (point == REPLACEMENT) {
      return Kind.NOTHING;
    }
    if (rules.ideographs() && isIdeograph(point)) {
      return Kind.BREAK;
    }
    return switch (Character.getType(point)) {
      case Character.CONTROL, Character.FORMAT -> Kind.NOTHING;
      case Character.NON_SPACING_MARK -> rules.accents() ? Kind.NOTHING : Kind.OTHER;
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          Kind.BREAK;
      // Of the others a tokenizer with older tables may not know that they are letters.
      default ->
          Character.isBmpCodePoint(point) && Character.isLetterOrDigit(point)
              ? Kind.LETTER
              : Kind.OTHER;
    };
  }

  private static Kind ascii(int point) {
    if (Blank.isSpace(point)) {
      return Kind.SPACE;
    }
    if (point < ' ' || point == 0x7f) {
      return Kind.NOTHING;
    }
    return Blank.isAsciiPunctuation(point) ? Kind.BREAK : Kind.LETTER;
  }

  /** More of them than BERT's own list has: what is kept does no harm. */
  private static boolean isIdeograph(int point) {
    return (point >= 0x3400 && point <= 0x9FFF)
        || (point >= 0xF900 && point <= 0xFAFF)
        || (point >= 0x20000 && point <= 0x3FFFF);
  }
}
