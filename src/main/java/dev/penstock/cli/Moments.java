package dev.penstock.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Points in time on the command line: as RFC 3339 has them, or Unix seconds. */
final class Moments implements ITypeConverter<Instant> {
  @Override
  public Instant convert(String text) {
    if (text.matches("\\d{1,11}")) {
      return Instant.ofEpochSecond(Long.parseLong(text));
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw new TypeConversionException(
          "'%s' must be a time like 2030-01-31T08:00:00Z, or in Unix seconds".formatted(text));
    }
  }
}
