package dev.penstock.api;

import dev.penstock.json.Fields;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a client wants its request held.
 *
 * @param hold at most so long
 * @param async the client takes an id when the time is over
 */
record Patience(Duration hold, boolean async) {
  static final String FIELD = "wait_seconds";
  static final int MAX_SECONDS = 30;
  private static final int NANOS = 1_000_000_000;

  /** One preference of RFC 7240: a token and perhaps a value; its parameters are not looked at. */
  private static final Pattern PREFERENCE =
      Pattern.compile("\\s*([a-z-]+)\\s*(?:=\\s*\"?(\\d{1,6})\"?\\s*)?(?:;.*)?");

  /** The field {@code wait_seconds}; null when it is absent. */
  static @Nullable Patience of(Fields fields) {
    Double seconds = fields.number(FIELD, 0, MAX_SECONDS);
    return seconds == null
        ? null
        : new Patience(Duration.ofNanos(Math.round(seconds * NANOS)), true);
  }

  /** The header {@code Prefer}; null where it does not ask for an asynchronous answer. */
  static @Nullable Patience of(@Nullable String prefer) {
    if (prefer == null) {
      return null;
    }
    boolean async = false;
    int wait = 0;
    for (String preference : prefer.toLowerCase(Locale.ROOT).split(",", -1)) {
      Matcher matcher = PREFERENCE.matcher(preference);
      if (!matcher.matches()) {
        continue; // unknown preferences are to be ignored
      }
      switch (matcher.group(1)) {
        case "respond-async" -> async = true;
        case "wait" -> {
          String seconds = matcher.group(2);
          wait = seconds == null ? 0 : Math.min(MAX_SECONDS, Integer.parseInt(seconds));
        }
        default -> {}
      }
    }
    return async ? new Patience(Duration.ofSeconds(wait), true) : null;
  }
}
