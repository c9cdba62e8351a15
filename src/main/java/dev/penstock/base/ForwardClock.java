package dev.penstock.base;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * A wall clock that cannot be set back: it goes on as a stopwatch does then. For what must end in
 * time, while the machine sleeps too. Safe to use from any thread.
 */
public final class ForwardClock implements InstantSource {
  private final InstantSource wall;
  private final LongSupplier nanos;
  private Instant now;
  private Instant told;
  private long at;

  /**
   * @param nanos a clock like {@link System#nanoTime}
   */
  public ForwardClock(InstantSource wall, LongSupplier nanos) {
    this.wall = wall;
    this.nanos = nanos;
    told = wall.instant();
    now = told;
    at = nanos.getAsLong();
  }

  /** This machine's. */
  public static ForwardClock start() {
    return new ForwardClock(InstantSource.system(), System::nanoTime);
  }

  @Override
  public synchronized Instant instant() {
    Instant tells = wall.instant();
    long passes = nanos.getAsLong();
    Duration byWall = Duration.between(told, tells);
    Duration byNanos = Duration.ofNanos(passes - at);
    now = now.plus(byWall.compareTo(byNanos) > 0 ? byWall : byNanos);
    told = tells;
    at = passes;
    return now;
  }
}
