package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.admin.jte.StaticTemplates;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.task.Lane;
import dev.penstock.task.LaneMinute;
import dev.penstock.task.Latencies;
import dev.penstock.task.TaskState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverviewTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_763_780_000);

  private static Overview overview(List<LaneFigures> lanes, Map<TaskState, Long> states) {
    return Overview.of(Optional.of(new Figures(states, lanes)), NOW, "m");
  }

  @Test
  void everyFieldIsEscaped() {
    var name = new Lane("<img>", "\"><script>");
    var lane =
        new LaneFigures(
            name,
            1,
            2,
            3,
            0,
            NOW,
            false,
            new LaneMinute(NOW, name, 0, 0, 0, 0, Latencies.none(), Latencies.none()));
    String html = new StaticTemplates().figures(overview(List.of(lane), Map.of())).render();
    assertThat(html).contains("&lt;img&gt;").doesNotContain("<img>").doesNotContain("<script>");
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
    var overview = Overview.of(Optional.empty(), NOW, "m");
    assertThat(new StaticTemplates().figures(overview).render()).contains("does not answer");
  }

  @ParameterizedTest
  @CsvSource({"0,< 1 s", "59,59 s", "61,1 min 1 s", "3720,1 h 2 min", "90000,1 d 1 h", "-5,< 1 s"})
  void agesAreReadAtAGlance(long seconds, String text) {
    assertThat(Overview.age(NOW.minusSeconds(seconds), NOW)).isEqualTo(text);
  }
}
