package dev.penstock.cli;

import dev.penstock.base.Quantities;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Times on the command line, as in the settings. */
final class Times implements ITypeConverter<Duration> {
  private static final Duration LONGEST = Duration.ofDays(365);

  @Override
  public Duration convert(String text) {
    Duration time;
    try {
      time = Quantities.duration(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(
          "'%s' must be a time: 500ms, 30s, 10m, 2h or bare seconds".formatted(text));
    }
    if (time.isNegative() || time.compareTo(LONGEST) > 0) {
      throw new TypeConversionException("'%s' must be from 0s to 365d".formatted(text));
    }
    return time;
  }
}
