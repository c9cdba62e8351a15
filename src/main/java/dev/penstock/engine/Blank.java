package dev.penstock.engine;

/** Kinds of characters, as tokenizers tell them apart. */
final class Blank {
  private Blank() {}

  /**
   * White space: what is in Unicode's property, the control characters of it only as they are named
   * here.
   */
  static boolean isSpace(int point) {
    return point == ' '
        || point == '\t'
        || point == '\n'
        || point == '\r'
        || (point > ' ' && Character.isSpaceChar(point));
  }

  static boolean isAsciiPunctuation(int point) {
    return point > ' '
        && point < 0x7f
        && !(point >= '0' && point <= '9')
        && !(point >= 'A' && point <= 'Z')
        && !(point >= 'a' && point <= 'z');
  }
}
