package dev.penstock.base;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Pauses that grow, each somewhere between half of its length and all of it. */
public final class Backoff {
  private static final double GROWTH = 1.6;

  private final Duration first;
  private final Duration longest;
  private Duration next;

  public Backoff(Duration first, Duration longest) {
    this.first = first;
    this.longest = longest;
    this.next = first;
  }

  public Duration pause() {
    long whole = next.toNanos();
    next = Duration.ofNanos(Math.min(longest.toNanos(), (long) (whole * GROWTH)));
    return Duration.ofNanos(whole - RandomGenerator.getDefault().nextLong(whole / 2 + 1));
  }

  /** Things go well again: the next pause is the first one. */
  public void reset() {
    next = first;
  }
}
