package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LastMinuteTest {
  private static final Lane OTHER = new Lane("ping", null);
  private static final Instant MINUTE = Instant.parse("2026-11-22T12:01:00Z");
  private static final Instant BEFORE = MINUTE.minusSeconds(60);

  private static LaneMinute minute(Instant minute, Lane lane, int n) {
    return new LaneMinute(minute, lane, n, 2L * n, 3L * n, 4L * n, times(n), times(2 * n));
  }

  private static Latencies times(int n) {
    long[] counts = new long[Latencies.BUCKETS];
    counts[Latencies.bucket(Duration.ofMillis(10))] = n;
    return new Latencies(counts);
  }

  @Test
  void aShareOfTheMinuteBeforeStillCounts() {
    List<LaneMinute> minutes =
        List.of(minute(BEFORE, LANE, 100), minute(MINUTE, LANE, 10), minute(BEFORE, OTHER, 8));
    Instant now = MINUTE.plusSeconds(15);

    assertThat(LastMinute.of(minutes, now))
        .containsOnlyKeys(LANE, OTHER)
        .containsEntry(LANE, new LaneMinute(now, LANE, 85, 170, 255, 340, times(110), times(220)))
        .containsEntry(OTHER, new LaneMinute(now, OTHER, 6, 12, 18, 24, times(8), times(16)));
  }

  @Test
  void atTheBeginningOfAMinuteAllOfTheOneBeforeCounts() {
    assertThat(LastMinute.of(List.of(minute(BEFORE, LANE, 100)), MINUTE))
        .containsEntry(
            LANE, new LaneMinute(MINUTE, LANE, 100, 200, 300, 400, times(100), times(200)));
  }

  @Test
  void whatIsStillToComeByAClockThatWasSetBackDoesNotCount() {
    List<LaneMinute> minutes =
        List.of(minute(MINUTE, LANE, 10), minute(MINUTE.plusSeconds(7_200), LANE, 100));
    assertThat(LastMinute.of(minutes, MINUTE.plusSeconds(59)).get(LANE))
        .extracting(LaneMinute::submitted)
        .isEqualTo(10L);
  }

  @Test
  void whereNothingHappenedThereIsNothing() {
    assertThat(LastMinute.of(List.of(), MINUTE)).isEmpty();
    assertThat(LastMinute.none(LANE, MINUTE))
        .isEqualTo(new LaneMinute(MINUTE, LANE, 0, 0, 0, 0, Latencies.none(), Latencies.none()));
  }
}
