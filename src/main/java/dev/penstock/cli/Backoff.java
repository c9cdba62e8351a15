package dev.penstock.cli;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Pauses that grow, each somewhere between half of its length and all of it. */
final class Backoff {
  private static final double GROWTH = 1.6;

  private final Duration first;
  private final Duration longest;
  private Duration next;

  Backoff(Duration first, Duration longest) {
    this.first = first;
    this.longest = longest;
    this.next = first;
  }

  Duration pause() {
    long whole = next.toNanos();
    next = Duration.ofNanos(Math.min(longest.toNanos(), (long) (whole * GROWTH)));
    return Duration.ofNanos(whole - RandomGenerator.getDefault().nextLong(whole / 2 + 1));
  }

  /** Things go well again: the next pause is the first one. */
  void reset() {
    next = first;
  }
}
