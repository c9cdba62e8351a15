package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ScriptedServer.Said;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class StatusCommandTest {
  private static final String LANES =
      """
      {"object":"list","data":[
       {"lane":"embedding.all-minilm-l6-v2","type":"embedding","model":"all-minilm-l6-v2",
        "depth":12345,"in_flight":256,"waiting":7,"scheduled":0,"failed":3,"oldest_seconds":3725.5,
        "paused":true,"consumers":1,"rates":{"submitted_per_second":9.5,
        "completed_per_second":101.25,"failed_per_second":0.0}},
       {"lane":"ping","type":"ping","depth":0,"in_flight":0,"scheduled":1,"failed":0,
        "paused":false,"consumers":1,"rates":{"submitted_per_second":0,
        "completed_per_second":0.5,"failed_per_second":0}}]}
      """;

  @Test
  void withoutAnIdTheLanesAreATableWithSums() {
    try (var server = new ScriptedServer(asked -> Said.json(200, LANES))) {
      var run = CommandRun.of(server, "status");
      assertThat(run.code()).isZero();
      assertThat(run.out())
          .isEqualTo(
              """
              lane                         ready  running  waiting  scheduled  failed     oldest  done/s  workers
              embedding.all-minilm-l6-v2  12,345      256        7          0       3  1 h 2 min   101.3        1  paused
              ping                             0        0        0          1       0                0.5        1
              all                         12,345      256        7          1       3              101.8
              """);
      assertThat(server.asked().getFirst().is("GET /v1/queues")).isTrue();
    }
  }

  @Test
  void theLanesMayBeJsonLines() {
    try (var server = new ScriptedServer(asked -> Said.json(200, LANES))) {
      var run = CommandRun.of(server, "status", "--json");
      assertThat(run.lines()).hasSize(2);
      assertThat(JsonLines.parse(run.lines().getFirst()).orElseThrow().path("depth").intValue())
          .isEqualTo(12_345);
    }
  }

  @Test
  void tasksArePrintedWithoutTheirResults() {
    String task = ScriptedServer.task("a", "completed");
    try (var server =
        new ScriptedServer(
            asked -> Said.json(200, task.replaceFirst("}$", ",\"result\":{\"echo\":{}}}")))) {
      var run = CommandRun.of(server, "status", "a");
      assertThat(run.code()).isZero();
      assertThat(run.lines()).containsExactly(task);
    }
  }

  @Test
  void theExitCodeTellsOfFailedAndUnknownTasks() {
    try (var server =
        new ScriptedServer(asked -> Said.json(200, ScriptedServer.task("a", "failed")))) {
      assertThat(CommandRun.of(server, "status", "a").code()).isEqualTo(ExitCode.TASK_FAILED);
    }
    try (var server =
        new ScriptedServer(asked -> Said.error(404, "invalid_request_error", "No task."))) {
      assertThat(CommandRun.of(server, "status", "a").code()).isEqualTo(ExitCode.REFUSED);
    }
  }
}
