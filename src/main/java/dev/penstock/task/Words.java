package dev.penstock.task;

import org.jspecify.annotations.Nullable;

/**
 * Mends what handlers and workers write for people to read, so that it can be kept and shown
 * anywhere: what it goes with counts, and is not to be lost for a sentence.
 */
final class Words {
  private static final char STAND_IN = '\ufffd';

  private Words() {}

  /**
   * The text, at most so long; halves of surrogate pairs and control characters but line ends and
   * tabs are U+FFFD in it. Null is empty.
   *
   * @param more what follows a text that was cut
   */
  static String mended(@Nullable String text, int most, String more) {
    if (text == null) {
      return "";
    }
    int end = Math.min(text.length(), most);
    boolean cut = end < text.length();
    if (cut && end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    int good = 0;
    while (good < end && good(text, good)) {
      good++;
    }
    if (good == end) {
      return cut ? text.substring(0, end) + more : text;
    }
    var mended = new StringBuilder(end + more.length()).append(text, 0, good);
    for (int i = good; i < end; i++) {
      mended.append(good(text, i) ? text.charAt(i) : STAND_IN);
    }
    return cut ? mended.append(more).toString() : mended.toString();
  }

  private static boolean good(String text, int at) {
    char c = text.charAt(at);
    if (Character.isHighSurrogate(c)) {
      return at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1));
    }
    if (Character.isLowSurrogate(c)) {
      return at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
    return !Character.isISOControl(c) || c == '\n' || c == '\r' || c == '\t';
  }
}
