package dev.penstock.cli;

import java.time.Duration;

/** A moment by which something is to be over. */
record Deadline(long nanos) {

  static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /** Never negative. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  boolean over() {
    return left().isZero();
  }

  /** Sleeps, at most until the deadline. */
  void sleep(Duration time) throws InterruptedException {
    Duration left = left();
    Thread.sleep(time.compareTo(left) < 0 ? time : left);
  }
}
