package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What happened minute by minute, and which lanes are paused. */
interface HistoryContract extends StoreRig {
  Lane SECOND_LANE = new Lane("ping", null);

  default Instant minute() {
    return clock().instant().truncatedTo(ChronoUnit.MINUTES);
  }

  private static LaneMinute of(Instant minute, Lane lane, int n) {
    return new LaneMinute(minute, lane, n, 2L * n, 3L * n, 4L * n, times(n, 1), times(n, 20));
  }

  private static Latencies times(int n, int bucket) {
    long[] counts = new long[Latencies.BUCKETS];
    counts[bucket] = n * 1_000_000_000_000L;
    counts[Latencies.BUCKETS - 1] = n;
    return new Latencies(counts);
  }

  @Test
  default void whatHappenedInAMinuteAddsUp() throws Exception {
    Instant minute = minute();
    store().addHistory(List.of(of(minute, LANE, 1), of(minute, SECOND_LANE, 5)));
    store().addHistory(List.of(of(minute, LANE, 2)));
    restart();

    assertThat(store().history(minute))
        .containsExactly(of(minute, LANE, 3), of(minute, SECOND_LANE, 5));
  }

  @Test
  default void minutesComeOldestFirstFromTheOneAskedForOn() {
    Instant minute = minute();
    assertThat(store().history(minute)).isEmpty();
    store()
        .addHistory(
            List.of(
                of(minute, LANE, 1),
                of(minute.minusSeconds(120), LANE, 2),
                of(minute.minusSeconds(60), LANE, 3)));

    assertThat(store().history(minute.minusSeconds(60)))
        .containsExactly(of(minute.minusSeconds(60), LANE, 3), of(minute, LANE, 1));
    assertThat(store().history(minute.minusSeconds(59))).containsExactly(of(minute, LANE, 1));
    assertThat(store().history(Instant.EPOCH)).hasSize(3);
  }

  @Test
  default void minutesOfMoreThanADayAgoAreForgotten() {
    Instant minute = minute();
    store().addHistory(List.of(of(minute, LANE, 1)));
    clock().advance(Duration.ofHours(23));
    store().addHistory(List.of(of(minute(), LANE, 2)));
    assertThat(store().history(Instant.EPOCH)).hasSize(2);
    clock().advance(Duration.ofHours(2));
    store().addHistory(List.of(of(minute(), LANE, 3)));

    assertThat(store().history(Instant.EPOCH))
        .containsExactly(of(minute().minus(Duration.ofHours(2)), LANE, 2), of(minute(), LANE, 3));
  }

  @Test
  default void lanesArePausedUntilTheyAreResumed() throws Exception {
    assertThat(store().paused()).isEmpty();
    store().pause(LANE, true);
    store().pause(LANE, true);
    store().pause(SECOND_LANE, true);
    restart();
    assertThat(store().paused()).containsExactlyInAnyOrder(LANE, SECOND_LANE);
    store().pause(LANE, false);
    store().pause(LANE, false);

    assertThat(store().paused()).containsExactly(SECOND_LANE);
  }
}
