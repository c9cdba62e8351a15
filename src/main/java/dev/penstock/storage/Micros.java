package dev.penstock.storage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Times and durations as they are kept: microseconds in a long, saturated at ±146,000 years. */
public final class Micros {
  private static final long SECOND = TimeUnit.SECONDS.toMicros(1);
  private static final int NANOS = 1_000;

  /** Half of what fits, so that the sum of two never overflows. */
  private static final long MOST = Long.MAX_VALUE / 2;

  private static final long MOST_SECONDS = MOST / SECOND - 1;

  private Micros() {}

  public static long of(Instant time) {
    return of(time.getEpochSecond(), time.getNano());
  }

  public static @Nullable Long ofNullable(@Nullable Instant time) {
    return time == null ? null : of(time);
  }

  public static long of(Duration duration) {
    return of(duration.getSeconds(), duration.getNano());
  }

  private static long of(long seconds, int nanos) {
    return seconds > MOST_SECONDS
        ? MOST
        : seconds < -MOST_SECONDS ? -MOST : seconds * SECOND + nanos / NANOS;
  }

  /** A stopwatch like {@link System#nanoTime} that goes as a clock does. */
  public static LongSupplier stopwatch(InstantSource clock) {
    return () -> TimeUnit.MICROSECONDS.toNanos(of(clock.instant()));
  }

  public static Instant toInstant(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, SECOND), Math.floorMod(micros, SECOND) * NANOS);
  }

  public static Duration toDuration(long micros) {
    return Duration.of(micros, ChronoUnit.MICROS);
  }
}
