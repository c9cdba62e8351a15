package dev.penstock.base;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Time that passes as it does on a stopwatch: the wall clock's when it began, and what has gone by
 * since. For what lasts so long, whatever becomes of the wall clock meanwhile.
 */
public final class SteadyClock implements InstantSource {
  private final LongSupplier nanos;
  private final Instant began;
  private final long beganAt;

  /**
   * @param nanos a clock like {@link System#nanoTime}
   */
  public SteadyClock(InstantSource wall, LongSupplier nanos) {
    this.nanos = nanos;
    began = wall.instant();
    beganAt = nanos.getAsLong();
  }

  /** This machine's. */
  public static SteadyClock start() {
    return new SteadyClock(InstantSource.system(), System::nanoTime);
  }

  @Override
  public Instant instant() {
    return began.plusNanos(nanos.getAsLong() - beganAt);
  }
}
