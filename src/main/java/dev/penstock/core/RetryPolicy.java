package dev.penstock.core;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential back-off with full jitter: the wait before attempt n + 1 is uniform between zero and
 * {@code min(cap, base × 2^(n−1))}, so that tasks which failed together do not come back together.
 */
public record RetryPolicy(Duration base, Duration cap) {
  private static final int MAX_DOUBLINGS = 30;

  public RetryPolicy {
    if (base.isNegative() || cap.compareTo(base) < 0) {
      throw new IllegalArgumentException("back-off base " + base + ", cap " + cap);
    }
  }

  /** How long to wait after {@code attempts} attempts (1 or more) have failed. */
  public Duration delay(int attempts, RandomGenerator random) {
    int doublings = Math.clamp(attempts - 1, 0, MAX_DOUBLINGS);
    long most = cap.toMillis();
    // Compared this way round because the base, doubled, may not fit a long.
    long ceiling = base.toMillis() > most >> doublings ? most : base.toMillis() << doublings;
    return Duration.ofMillis(ceiling <= 0 ? 0 : random.nextLong(ceiling + 1));
  }
}
