package dev.penstock.engine.http;

import dev.penstock.base.TimedHttp;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** How long a server wants to be left alone, as its head says. */
final class RetryAfter {
  /** Whatever it says, it is asked again after this. */
  static final Duration LONGEST = Duration.ofMinutes(1);

  private RetryAfter() {}

  /** From nothing to a minute; null: it says nothing, or nothing that can be read. */
  static @Nullable Duration of(HttpResponse<?> reply, Instant now) {
    return TimedHttp.retryAfter(reply).orElseGet(() -> byDate(reply, now));
  }

  private static @Nullable Duration byDate(HttpResponse<?> reply, Instant now) {
    String value = reply.headers().firstValue("Retry-After").map(String::strip).orElse("");
    try {
      Instant until = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return bounded(Duration.between(now, until));
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static Duration bounded(Duration asked) {
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }
}
