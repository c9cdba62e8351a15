package dev.penstock.storage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that stands still until a test moves it; with it a stopwatch, which nobody sets. */
public final class SettableClock implements InstantSource {
  static final Instant START = Instant.parse("2026-01-02T03:04:05.678901Z");

  private volatile Instant now = START;
  private volatile Duration passed = Duration.ofDays(1);

  @Override
  public Instant instant() {
    return now;
  }

  /** Like {@link System#nanoTime}. */
  public long nanos() {
    return passed.toNanos();
  }

  public synchronized void advance(Duration by) {
    now = now.plus(by);
    passed = passed.plus(by);
  }

  /** Sets the clock forward, or back: no time passes. */
  public synchronized void set(Duration by) {
    now = now.plus(by);
  }
}
