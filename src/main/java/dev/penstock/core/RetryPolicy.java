package dev.penstock.core;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential back-off with full jitter: the wait before attempt n + 1 is uniform between zero and
 * {@code min(cap, base × 2^(n−1))}, so that tasks which failed together do not come back together.
 * What a handler depends on may be away for longer than a few of those: before the last of three or
 * more attempts the wait is 32 times the base at least, within the cap.
 */
public record RetryPolicy(Duration base, Duration cap) {
  private static final int MAX_DOUBLINGS = 30;
  private static final int LAST_DOUBLINGS = 5;
  private static final int LAST_OF = 3;

  public RetryPolicy {
    if (base.isNegative() || cap.compareTo(base) < 0) {
      throw new IllegalArgumentException("back-off base " + base + ", cap " + cap);
    }
  }

  /**
   * How long to wait after {@code attempts} attempts (1 or more) of at most {@code most} have
   * failed.
   */
  public Duration delay(int attempts, int most, RandomGenerator random) {
    Duration usual = delay(attempts, random);
    if (most < LAST_OF || attempts < most - 1) {
      return usual;
    }
    long last = doubled(LAST_DOUBLINGS);
    long spread = Math.min(last / 3, cap.toMillis() - last);
    Duration least = Duration.ofMillis(last + random.nextLong(spread + 1));
    return usual.compareTo(least) < 0 ? least : usual;
  }

  /** How long to wait after {@code attempts} attempts have failed that are not the last but one. */
  public Duration delay(int attempts, RandomGenerator random) {
    int doublings = Math.clamp(attempts - 1, 0, MAX_DOUBLINGS);
    long ceiling = doubled(doublings);
    return Duration.ofMillis(ceiling <= 0 ? 0 : random.nextLong(ceiling + 1));
  }

  /** In milliseconds, within the cap. */
  private long doubled(int times) {
    long most = cap.toMillis();
    // Compared this way round because the base, doubled, may not fit a long.
    return base.toMillis() > most >> times ? most : base.toMillis() << times;
  }
}
