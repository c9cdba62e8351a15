package dev.penstock.admin;

import java.time.Instant;

/**
 * A point in time on a page.
 *
 * @param iso for programs
 * @param exact shown when asked for
 * @param words how long ago
 */
public record TimeText(String iso, String exact, String words) {
  static TimeText of(Instant time, Instant now) {
    return new TimeText(time.toString(), Times.exact(time), Times.relative(time, now));
  }

  /** Of what has happened, though by another clock it may not have yet. */
  static TimeText past(Instant time, Instant now) {
    Instant later = now.isBefore(time) ? time : now;
    return of(time, later);
  }
}
