package dev.penstock.base;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and sizes as people write them. All methods throw IllegalArgumentException. */
public final class Quantities {
  private static final Pattern TIME = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)?");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,19})\\s*(b|kib|mib|gib|tib)?");

  private Quantities() {}

  /** {@code 500ms}, {@code 30s}, {@code 10m}, {@code 2h}, {@code 7d}, ISO 8601, or bare seconds. */
  public static Duration duration(String text) {
    Matcher matcher = TIME.matcher(text.strip());
    if (!matcher.matches()) {
      return iso(text.strip());
    }
    long count = Long.parseLong(matcher.group(1));
    String unit = matcher.group(2);
    try {
      return switch (unit == null ? "s" : unit) {
        case "ms" -> Duration.ofMillis(count);
        case "s" -> Duration.ofSeconds(count);
        case "m" -> Duration.ofMinutes(count);
        case "h" -> Duration.ofHours(count);
        default -> Duration.ofDays(count);
      };
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("too long a time", e);
    }
  }

  private static Duration iso(String text) {
    try {
      return Duration.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("not a time", e);
    }
  }

  /** {@code 512KiB}, {@code 4MiB}, {@code 8GiB}, {@code 1TiB}, or bare bytes. */
  public static long bytes(String text) {
    Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not a size");
    }
    String unit = matcher.group(2);
    long factor =
        switch (unit == null ? "b" : unit) {
          case "b" -> 1L;
          case "kib" -> 1L << 10;
          case "mib" -> 1L << 20;
          case "gib" -> 1L << 30;
          default -> 1L << 40;
        };
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), factor);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("too large a size", e);
    }
  }
}
