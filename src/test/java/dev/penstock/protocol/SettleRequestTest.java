package dev.penstock.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SettleRequestTest {
  private static JsonNode settle(Outcome outcome) throws Exception {
    return Members.tree(
        SettleRequest.write(
            "w", new SettleTask(TaskId.random(), null, "t", outcome), (_, _, _) -> {}));
  }

  @Test
  void noCodeGoesOutThatTheServerWouldRefuse() throws Exception {
    for (Code code : Code.values()) {
      JsonNode error = settle(new Outcome.Retry(new TaskError(code, "why"))).path("error");
      if (code.ofRuns()) {
        assertThat(error.path("code").asText()).isEqualTo(code.json());
        assertThat(error.path("message").asText()).isEqualTo("why");
      } else {
        assertThat(error.path("code").asText()).isEqualTo("handler_failed");
        assertThat(error.path("message").asText()).isEqualTo(code.json() + ": why");
      }
    }
  }

  @Test
  void noDelayGoesOutThatTheServerWouldRefuse() throws Exception {
    for (Duration delay :
        new Duration[] {Duration.ofSeconds(-1), Duration.ofDays(2), Duration.ofDays(9_999)}) {
      double seconds = settle(new Outcome.Postpone(delay)).path("delay_seconds").asDouble();
      assertThat(seconds).isBetween(0.0, 2_592_000.0);
    }
    assertThat(settle(new Outcome.Postpone(Duration.ofDays(2))).path("delay_seconds").asDouble())
        .isEqualTo(172_800);
  }
}
