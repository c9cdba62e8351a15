package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChartsTest {
  private static final Instant NOW = Instant.parse("2025-11-22T03:00:20Z");

  private static LaneMinute minute(int ago, String lane, long done, long failed, int millis) {
    long[] counts = new long[Latencies.BUCKETS];
    counts[Latencies.bucket(Duration.ofMillis(millis))] = done + failed;
    var times = new Latencies(counts);
    return new LaneMinute(
        Instant.parse("2025-11-22T03:00:00Z").minusSeconds(60L * ago),
        new Lane(lane, null),
        done + failed,
        done,
        failed,
        0,
        times,
        times);
  }

  @Test
  void lanesAreAddedUpMinuteByMinute() {
    var charts = Charts.of(List.of(minute(1, "a", 10, 0, 3), minute(1, "b", 5, 5, 3)), NOW);
    assertThat(charts.from()).isEqualTo("02:01");
    assertThat(charts.to()).isEqualTo("03:00");
    assertThat(charts.throughput().top()).isEqualTo("20");
    assertThat(charts.throughput().columns())
        .singleElement()
        .satisfies(column -> {
          assertThat(column.title()).isEqualTo("02:59 – 15 completed, 5 failed");
          assertThat(column.x()).isEqualTo(581);
          assertThat(column.bars())
              .containsExactly(
                  new Charts.Bar("completed", "25.0", "75.0"),
                  new Charts.Bar("failed", "0.0", "25.0"));
        });
  }

  @Test
  void whatIsOlderThanAnHourIsLeftOut() {
    var charts = Charts.of(List.of(minute(60, "a", 10, 0, 3), minute(59, "a", 1, 0, 3)), NOW);
    assertThat(charts.throughput().columns()).hasSize(1);
    assertThat(charts.throughput().words()).contains("1 tasks completed");
  }

  @Test
  void anHourWithoutWorkSaysSo() {
    var charts = Charts.of(List.of(), NOW);
    assertThat(new StaticTemplates().charts(charts).render())
        .contains("Nothing ended in the last hour.")
        .doesNotContain("style=");
  }

  @Test
  void timesAreDrawnOnAScaleOfTens() {
    var ran = Charts.of(List.of(minute(0, "a", 100, 0, 900)), NOW).ran();
    assertThat(ran.scale()).containsExactly("1 s", "100 ms", "10 ms", "1 ms");
    assertThat(ran.columns())
        .singleElement()
        .satisfies(column ->
            assertThat(column.title())
                .isEqualTo("03:00 – half ran up to 768 ms, 95 % up to 998 ms"));
  }

  @ParameterizedTest
  @CsvSource({"0,4", "4,4", "5,10", "11,20", "21,40", "41,100", "101,200", "401,1000"})
  void theScaleEndsAtARoundNumber(long most, long top) {
    assertThat(Charts.roundUp(most)).isEqualTo(top);
  }
}
