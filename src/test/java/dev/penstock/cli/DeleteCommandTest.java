package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ScriptedServer.Said;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class DeleteCommandTest {
  private static final String GONE = "{\"id\":\"b\",\"object\":\"task.deleted\",\"deleted\":true}";

  @Test
  void aTaskThatHasNotEndedHoldsUpNoOther() {
    try (var server =
        new ScriptedServer(asked ->
            asked.path().endsWith("/a")
                ? Said.error(409, "invalid_request_error", "Cancel it first.")
                : Said.json(200, GONE))) {
      var run = CommandRun.of(server, "delete", "a", "b");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines()).containsExactly(GONE);
      assertThat(run.err()).contains("Cancel it first.");
      assertThat(server.asked().getFirst().is("DELETE /v1/tasks/a")).isTrue();
    }
  }

  @Test
  void aFilterIsAskedForUntilNothingIsLeft() {
    var asks = new AtomicInteger();
    try (var server =
        new ScriptedServer(_ ->
            Said.json(
                200,
                "{\"object\":\"tasks.deleted\",\"count\":7,\"has_more\":%s}"
                    .formatted(asks.incrementAndGet() < 3)))) {
      var run = CommandRun.of(server, "delete", "--status", "failed,cancelled", "--type", "ping");
      assertThat(run.code()).isZero();
      assertThat(run.lines())
          .containsExactly("{\"object\":\"tasks.deleted\",\"count\":21,\"has_more\":false}");
      assertThat(server.asked().getFirst().is("POST /v1/tasks/delete")).isTrue();
      assertThat(server.asked().getFirst().body())
          .isEqualTo("{\"status\":[\"failed\",\"cancelled\"],\"type\":\"ping\"}");
    }
  }

  @Test
  void nothingIsDeletedUnlessItIsSaidWhat() {
    try (var server = new ScriptedServer(_ -> Said.json(200, GONE))) {
      assertThat(CommandRun.of(server, "delete").code()).isEqualTo(ExitCode.REFUSED);
      assertThat(CommandRun.of(server, "delete", "a", "--all").code()).isEqualTo(ExitCode.REFUSED);
      assertThat(server.asked()).isEmpty();
    }
  }
}
