package dev.penstock.engine.chat;

/**
 * A set of characters: pairs of the first and the last of each range, in order.
 *
 * @param except whether it has all but these
 */
record Chars(int[] ranges, boolean except) implements Node {
  static final int LAST = Character.MAX_CODE_POINT;

  static Chars one(int c) {
    return new Chars(new int[] {c, c}, false);
  }

  boolean has(int c) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (c >= ranges[i] && c <= ranges[i + 1]) {
        return !except;
      }
    }
    return except;
  }

  /** Whether it has one of those from the first to the last. */
  boolean hasAny(int first, int last) {
    if (!except) {
      for (int i = 0; i < ranges.length; i += 2) {
        if (first <= ranges[i + 1] && last >= ranges[i]) {
          return true;
        }
      }
      return false;
    }
    int next = first;
    for (int i = 0; i < ranges.length && next <= last; i += 2) {
      if (next < ranges[i]) {
        return true;
      }
      next = Math.max(next, ranges[i + 1] + 1);
    }
    return next <= last;
  }
}
