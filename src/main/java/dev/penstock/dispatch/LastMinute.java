package dev.penstock.dispatch;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The last 60 seconds of each lane, put together from the minute that has begun and a share of the
 * one before it, whose events are taken to be spread evenly.
 */
final class LastMinute {
  private static final double MINUTE_MILLIS = Duration.ofMinutes(1).toMillis();

  private LastMinute() {}

  /**
   * @param minutes the one that {@code now} is in and the one before, of any lanes
   */
  static Map<Lane, LaneMinute> of(List<LaneMinute> minutes, Instant now) {
    Instant begun = now.truncatedTo(ChronoUnit.MINUTES);
    double before = 1 - Duration.between(begun, now).toMillis() / MINUTE_MILLIS;
    Map<Lane, LaneMinute> lanes = new HashMap<>();
    for (LaneMinute minute : minutes) {
      if (minute.minute().isAfter(now)) {
        continue; // the clock was set back since
      }
      double share = minute.minute().isBefore(begun) ? before : 1;
      lanes.merge(minute.lane(), part(minute, share, now), LaneMinute::plus);
    }
    return lanes;
  }

  static LaneMinute none(Lane lane, Instant now) {
    return new LaneMinute(now, lane, 0, 0, 0, 0, Latencies.none(), Latencies.none());
  }

  private static LaneMinute part(LaneMinute minute, double share, Instant now) {
    return new LaneMinute(
        now,
        minute.lane(),
        Math.round(minute.submitted() * share),
        Math.round(minute.completed() * share),
        Math.round(minute.failed() * share),
        Math.round(minute.cancelled() * share),
        minute.waited(),
        minute.ran());
  }
}
