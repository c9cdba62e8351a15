package dev.penstock.base;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Counts what happens often, so that it is said at most once a minute and then how often. */
public final class OnceAMinute {
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  private final LongSupplier nanos;
  private long said;
  private long count;

  public OnceAMinute() {
    this(System::nanoTime);
  }

  public OnceAMinute(LongSupplier nanos) {
    this.nanos = nanos;
    said = nanos.getAsLong() - MINUTE;
  }

  /**
   * It happened so many times more.
   *
   * @return how often since it was said last, which is to be said now; 0: not now
   */
  public synchronized long happened(long times) {
    count += times;
    long now = nanos.getAsLong();
    if (now - said < MINUTE) {
      return 0;
    }
    said = now;
    long all = count;
    count = 0;
    return all;
  }
}
