package dev.penstock.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Times and figures as people read them. */
final class Times {
  private static final DateTimeFormatter EXACT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final Duration DAY = Duration.ofDays(1);
  private static final int TEN = 10;

  private Times() {}

  /** {@code 1,234}. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** To the millisecond, in UTC. */
  static String exact(Instant time) {
    return EXACT.format(time);
  }

  /** Hours and minutes, in UTC. */
  static String clock(Instant time) {
    return CLOCK.format(time);
  }

  /** How long ago, or in how long: {@code 3 min ago}, {@code in 2 h}. */
  static String relative(Instant time, Instant now) {
    Duration age = Duration.between(time, now);
    if (age.isNegative()) {
      return "in " + rough(age.negated());
    }
    return age.toSeconds() < 2 ? "just now" : rough(age) + " ago";
  }

  /** In its largest unit: what changes rarely can be read in peace. */
  private static String rough(Duration time) {
    if (time.toMinutes() < 1) {
      return Math.max(1, time.toSeconds()) + " s";
    }
    if (time.toHours() < 1) {
      return time.toMinutes() + " min";
    }
    return time.compareTo(DAY) < 0 ? time.toHours() + " h" : time.toDays() + " d";
  }

  /** How long something took: {@code 340 ms}, {@code 4.2 s}, {@code 3 min 20 s}. */
  static String duration(Duration time) {
    if (time.isNegative()) {
      return "0 ms";
    }
    if (time.toSeconds() < 1) {
      return time.toMillis() + " ms";
    }
    if (time.toSeconds() < TEN) {
      return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1_000.0);
    }
    if (time.toMinutes() < 1) {
      return time.toSeconds() + " s";
    }
    if (time.toHours() < 1) {
      return two(time.toMinutes(), "min", time.toSecondsPart(), "s");
    }
    return time.compareTo(DAY) < 0
        ? two(time.toHours(), "h", time.toMinutesPart(), "min")
        : two(time.toDays(), "d", time.toHoursPart(), "h");
  }

  private static String two(long large, String unit, int small, String smaller) {
    return large + " " + unit + (small == 0 ? "" : " " + small + " " + smaller);
  }

  /** A number of milliseconds as {@link #duration} writes it. */
  static String millis(double millis) {
    return duration(Duration.ofMillis(Math.round(millis)));
  }

  /** The age of what has waited since then; a dash where nothing has. */
  static String age(@Nullable Instant since, Instant now) {
    if (since == null) {
      return "–";
    }
    Duration age = Duration.between(since, now);
    return age.toSeconds() < 1 ? "< 1 s" : duration(Duration.ofSeconds(age.toSeconds()));
  }
}
