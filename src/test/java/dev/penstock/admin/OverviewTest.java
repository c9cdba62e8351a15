package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class OverviewTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_763_780_000);
  private static final Lane PING = new Lane("ping", null);

  private static Overview overview(List<LaneFigures> lanes, Map<TaskState, Long> states) {
    return Overview.of(Optional.of(new Figures(states, lanes)), Optional.empty(), NOW, "m");
  }

  private static LaneFigures lane(Lane name, long ready, Instant oldest, boolean paused) {
    return new LaneFigures(
        new LaneCounts(name, ready, 2, 3, 1_000, oldest),
        paused,
        new LaneMinute(NOW, name, 9, 7, 2, 0, Latencies.none(), Latencies.none()));
  }

  private static WorkerFigures worker(Lane... lanes) {
    return new WorkerFigures(
        "node",
        List.of(),
        List.of(lanes),
        NOW,
        NOW,
        false,
        new WorkerReport("", "cpu", 0, 0, 0, new Batches(0, 0), -1, "1"));
  }

  @Test
  void everyFieldIsEscaped() {
    var name = new Lane("<img>", "\"><script>");
    String html =
        new StaticTemplates()
            .figures(overview(List.of(lane(name, 1, NOW, false)), Map.of()))
            .render();
    assertThat(html).contains("&lt;img").doesNotContain("<img").doesNotContain("<script>");
  }

  @Test
  void aStateWithoutTasksIsShownAsNone() {
    var overview = overview(List.of(), Map.of(TaskState.COMPLETED, 12_345L));
    assertThat(overview.states())
        .extracting(Overview.State::count)
        .containsExactly("0", "0", "12,345", "0", "0");
    assertThat(overview.empty()).isFalse();
  }

  @Test
  void anEmptyQueueShowsHowToBegin() {
    var overview = overview(List.of(), Map.of());
    assertThat(overview.empty()).isTrue();
    assertThat(new StaticTemplates().figures(overview).render()).contains("No tasks yet", "curl");
  }

  @Test
  void aSilentQueueIsNamed() {
    var overview = Overview.of(Optional.empty(), Optional.empty(), NOW, "m");
    assertThat(new StaticTemplates().figures(overview).render()).contains("does not answer");
  }

  @Test
  void aLaneThatWaitsLongIsMarked() {
    var lanes =
        overview(
                List.of(
                    lane(PING, 1, NOW.minusSeconds(61), false),
                    lane(new Lane("q", null), 1, NOW.minusSeconds(59), false)),
                Map.of())
            .lanes();
    assertThat(lanes).extracting(Overview.Lane::late).containsExactly(true, false);
    assertThat(lanes).extracting(Overview.Lane::oldest).containsExactly("1 min 1 s", "59 s");
    assertThat(lanes).extracting(Overview.Lane::rate).containsExactly("7", "7");
  }

  @Test
  void workThatNoWorkerTakesIsNamed() {
    var figures = Optional.of(new Figures(Map.of(), List.of(lane(PING, 1, NOW, true))));
    assertThat(Overview.of(figures, Optional.of(List.of(worker())), NOW, "m").lanes())
        .allMatch(Overview.Lane::unserved)
        .allMatch(Overview.Lane::paused);
    assertThat(Overview.of(figures, Optional.of(List.of(worker(PING))), NOW, "m").lanes())
        .noneMatch(Overview.Lane::unserved);
    assertThat(Overview.of(figures, Optional.empty(), NOW, "m").lanes())
        .noneMatch(Overview.Lane::unserved);
  }
}
