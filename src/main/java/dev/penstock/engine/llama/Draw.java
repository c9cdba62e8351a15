package dev.penstock.engine.llama;

/**
 * Numbers that look random, one for each token at one place of an answer. They depend on where they
 * are asked for alone.
 */
final class Draw {
  private static final long STEP = 0x9e3779b97f4a7c15L;
  private static final double UNIT = 0x1p-53;
  private static final int UNUSED = 11;

  private final long place;

  Draw(long seed, int choice, int position) {
    place = mix(mix(mix(seed + STEP) + choice + STEP) + position + STEP);
  }

  /** Between 0 and 1, and neither. */
  double of(int token) {
    return ((mix(place + token + STEP) >>> UNUSED) + 0.5) * UNIT;
  }

  /** The finaliser of SplitMix64: each bit of what comes in changes half of those that go out. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
