package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Processes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pings in a child process of the packaged program, which they kill, and it does not mind. */
final class SubprocessIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path folder;

  @Test
  void aCrashIsItsTasksErrorAndANodeThatEndsLeavesNoChild() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of("PING_ALLOW_CRASH", "true"));
        var api = penstock.api()) {
      assertThat(children(penstock)).isEmpty();
      JsonNode done = ping(api, "{\"n\":1,\"subprocess\":true}", 1);
      assertThat(done.path("status").asText()).isEqualTo("completed");
      assertThat(done.at("/result/echo/n").asInt()).isEqualTo(1);
      assertThat(children(penstock)).hasSize(1);

      JsonNode failed = ping(api, "{\"subprocess\":true,\"crash\":true}", 2);
      assertThat(failed.path("status").asText()).isEqualTo("failed");
      assertThat(failed.path("attempts").asInt()).isEqualTo(2);
      assertThat(failed.path("lost").asInt()).isZero();
      assertThat(failed.at("/error/code").asText()).isEqualTo("handler_failed");
      assertThat(failed.at("/error/message").asText())
          .contains("the child process ping ended: exit 137");

      long begun = System.nanoTime();
      assertThat(ping(api, "{\"subprocess\":true}", 1).path("status").asText())
          .isEqualTo("completed");
      System.out.printf(
          "a ping after a crash of its process: %d ms%n", (System.nanoTime() - begun) / 1_000_000);
      assertThat(penstock.alive()).isTrue();
      assertThat(api.get("/metrics").raw().body())
          .contains("penstock_child_crashes_total{child=\"ping\"} 2.0");

      List<Long> last = children(penstock);
      assertThat(last).hasSize(1);
      assertThat(penstock.terminate(LIMIT)).isZero();
      Processes.awaitEnd(last.getFirst());
      penstock.restart();
      ping(api, "{\"subprocess\":true}", 1);
      last = children(penstock);
      assertThat(last).hasSize(1);
      penstock.kill();
      Processes.awaitEnd(last.getFirst());
    }
  }

  private static JsonNode ping(Api api, String input, int attempts) throws Exception {
    JsonNode answer =
        api.post(
                "/v1/tasks",
                "{\"type\":\"ping\",\"input\":%s,\"max_attempts\":%d,\"wait_seconds\":30}"
                    .formatted(input, attempts))
            .json();
    return api.get("/v1/tasks/" + answer.path("id").asText()).json();
  }

  private static List<Long> children(PenstockProcess penstock) {
    return ProcessHandle.of(penstock.pid())
        .orElseThrow()
        .children()
        .map(ProcessHandle::pid)
        .toList();
  }
}
