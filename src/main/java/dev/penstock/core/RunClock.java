package dev.penstock.core;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Counts the time of one run against its limit: from its start, and not while it stands still. */
public final class RunClock implements TimeLimit {
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
  public RunClock(Duration limit, LongSupplier nanoTime) {
    this.limit = limit.toNanos();
    this.nanoTime = nanoTime;
  }

  public synchronized void start() {
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

  public boolean isOver() {
    return nanosLeft() < 0;
  }

  public synchronized long passed() {
    return passing ? passed + nanoTime.getAsLong() - since : passed;
  }

  /** Whether some of its work was done, as far as it told of its turns. */
  public synchronized boolean begun() {
    return started && (turnCame || !stood);
  }

  /** Whether it waits for its first turn. */
  public synchronized boolean waitsToBegin() {
    return started && !passing && !begun();
  }
}
