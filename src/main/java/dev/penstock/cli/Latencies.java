package dev.penstock.cli;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts of times, in steps of 3 %: as large after an hour as after a second. For many threads. */
final class Latencies {
  private static final int STEPS = 32;
  private static final int STEP_BITS = 5;
  private static final long LONGEST = (1L << 36) - 1;
  private static final int NANOS_PER_MICRO = 1_000;

  private final AtomicLongArray counts = new AtomicLongArray(index(LONGEST) + 1);

  void add(long nanos) {
    counts.incrementAndGet(index(Math.clamp(nanos / NANOS_PER_MICRO, 0, LONGEST)));
  }

  /** Microseconds that this share of all times does not exceed; 0 where there are none. */
  long micros(double share) {
    long all = 0;
    for (int i = 0; i < counts.length(); i++) {
      all += counts.get(i);
    }
    long below = 0;
    for (int i = 0; i < counts.length(); i++) {
      below += counts.get(i);
      if (below > 0 && below >= share * all) {
        return upper(i);
      }
    }
    return 0;
  }

  /** Exact below 64; above, 32 steps from each power of two to the next. */
  private static int index(long micros) {
    int shift = shift(micros);
    return shift * STEPS + (int) (micros >> shift);
  }

  private static int shift(long micros) {
    return Math.max(0, Long.SIZE - 1 - Long.numberOfLeadingZeros(micros) - STEP_BITS);
  }

  /** The largest time that is counted at this index. */
  private static long upper(int index) {
    int shift = Math.max(0, index / STEPS - 1);
    return ((index - shift * STEPS + 1L) << shift) - 1;
  }
}
