package dev.penstock.base;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The growing wait between tries of something that is away. Not for use by several threads. */
public final class Backoff2 {
  private static final Duration FIRST = Duration.ofMillis(50);
  private static final Duration LONGEST = Duration.ofSeconds(2);

  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private long millis;

  /** True before the first wait of an outage: the moment to log it. */
  public boolean first() {
    return millis == 0;
  }

  public void reset() {
    millis = 0;
  }

  public void await() {
    await(NEVER);
  }

  /** Waits, with jitter, or less when {@code stop} comes to zero. */
  public void await(CountDownLatch stop) {
    millis = Math.min(LONGEST.toMillis(), millis == 0 ? FIRST.toMillis() : 2 * millis);
    try {
      stop.await(
          ThreadLocalRandom.current().nextLong(millis / 2, millis + 1), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
