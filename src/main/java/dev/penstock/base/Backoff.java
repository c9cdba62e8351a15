package dev.penstock.base;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pauses between tries of something that is away: each twice as long as the one before, up to a
 * longest one, and somewhere between half of that and all of it. Not for use by several threads.
 */
public final class Backoff {
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private final Duration shortest;
  private final Duration longest;
  private Duration next;
  private boolean first = true;

  public Backoff(Duration shortest, Duration longest) {
    this.shortest = shortest;
    this.longest = longest;
    this.next = shortest;
  }

  /** True before the first pause of an outage: the moment to log it. */
  public boolean first() {
    return first;
  }

  /** How long to leave it alone now. */
  public Duration pause() {
    long whole = next.toNanos();
    next = Duration.ofNanos(Math.min(longest.toNanos(), 2 * whole));
    first = false;
    return Duration.ofNanos(ThreadLocalRandom.current().nextLong(whole / 2, whole + 1));
  }

  /** Things go well again: the next pause is the first one. */
  public void reset() {
    next = shortest;
    first = true;
  }

  /** Waits a pause. An interrupt ends it, and stays. */
  public void await() {
    await(NEVER);
  }

  /**
   * Waits a pause, or less when {@code stop} comes to zero.
   *
   * @return whether that was so, or an interrupt, which stays
   */
  public boolean await(CountDownLatch stop) {
    try {
      return stop.await(pause().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
