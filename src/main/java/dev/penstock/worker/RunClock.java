package dev.penstock.worker;

import dev.penstock.core.TimeLimit;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Counts the time of one run against its limit: from its start, and not while it stands still. */
final class RunClock implements TimeLimit {
  private final long limit;
  private final LongSupplier nanoTime;
  private long passed;
  private long since;
  private boolean started;
  private boolean passing;
  private boolean stood;
  private boolean turnCame;

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  RunClock(Duration limit, LongSupplier nanoTime) {
    this.limit = limit.toNanos();
    this.nanoTime = nanoTime;
  }

  synchronized void start() {
    started = true;
    goOn();
  }

  @Override
  public synchronized void stand() {
    passed = passed();
    passing = false;
    stood = true;
  }

  @Override
  public synchronized void pass() {
    turnCame = true;
    goOn();
  }

  @Override
  public synchronized void goOn() {
    if (!passing) {
      since = nanoTime.getAsLong();
      passing = true;
    }
  }

  @Override
  public long nanosLeft() {
    return limit - passed();
  }

  boolean isOver() {
    return nanosLeft() < 0;
  }

  synchronized long passed() {
    return passing ? passed + nanoTime.getAsLong() - since : passed;
  }

  /** Whether some of its work was done, as far as it told of its turns. */
  synchronized boolean begun() {
    return started && (turnCame || !stood);
  }

  /** Whether it waits for its first turn. */
  synchronized boolean waitsToBegin() {
    return started && !passing && !begun();
  }
}
