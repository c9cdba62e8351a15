package dev.penstock.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.Checkpoint;
import dev.penstock.task.ChildTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec.Limits;
import dev.penstock.task.TaskSpec.Retention;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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

  private static SettleTask again(SettleTask sent) throws Exception {
    return SettleRequest.read(
        SettleRequest.write("w", sent, (_, _, _) -> {}),
        (_, _, _) -> {
          throw new AssertionError("there is no result");
        });
  }

  @Test
  void anAwaitIsReadAsItWasMeant() throws Exception {
    var all =
        new ChildTask(
            "größe",
            new Lane("embedding", "m"),
            "{\"n\":[1,\"ü\"]}".getBytes(StandardCharsets.UTF_8),
            new Priority(7),
            new Limits(2, Duration.ofSeconds(61)),
            new Retention(Duration.ofSeconds(5), Duration.ofSeconds(5)),
            Map.of("a", "b"));
    var plain = ChildTask.of("2", new Lane("ping", null), Map.of());
    var sent =
        new Outcome.Await(
            List.of(all, plain), 3, Duration.ofMillis(1_500), true, new byte[] {1, -1});
    var left = new Checkpoint(new byte[0], List.of(TaskId.random()));
    SettleTask read = again(new SettleTask(TaskId.random(), null, "t", sent, left));
    assertThat(read.outcome()).usingRecursiveComparison().isEqualTo(sent);
    assertThat(read.checkpoint()).usingRecursiveComparison().isEqualTo(left);
  }

  @Test
  void anAwaitThatSaysNothingWaitsForAll() throws Exception {
    var sent = new Outcome.Await(List.of(), 0, null, false, null);
    assertThat(again(new SettleTask(TaskId.random(), null, "t", sent)).outcome())
        .usingRecursiveComparison()
        .isEqualTo(sent);
  }

  @Test
  void noWakeAtGoesOutThatTheServerWouldRefuse() throws Exception {
    var sent = new Outcome.Await(List.of(), Integer.MAX_VALUE, Duration.ofDays(99), false, null);
    assertThat(again(new SettleTask(TaskId.random(), null, "t", sent)).outcome())
        .isEqualTo(new Outcome.Await(List.of(), 1_024, Duration.ofDays(30), false, null));
  }
}
