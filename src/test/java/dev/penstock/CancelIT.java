package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TinyModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cancels that race the ends of what they cancel: row 13 of the table of faults. */
final class CancelIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int TASKS = 600;

  @TempDir Path folder;

  @Test
  void aCancelThatRacesTheEndLeavesExactlyOneFinalState() throws Exception {
    var checker = new Checker();
    Map<String, String> said = new ConcurrentHashMap<>();
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      try (var _ =
          Producers.start(
              8,
              () -> {
                if (said.size() >= TASKS) {
                  return;
                }
                var random = ThreadLocalRandom.current();
                Answer submitted =
                    api.post(
                        "/v1/tasks",
                        "{\"type\":\"ping\",\"input\":{\"sleep_ms\":" + random.nextInt(12) + "}}");
                assertThat(submitted.status()).isEqualTo(202);
                String id = submitted.json().path("id").asText();
                TimeUnit.MILLISECONDS.sleep(
                    random.nextInt(12)); // spreads the cancels over the runs
                Answer cancel = api.post("/v1/tasks/" + id + "/cancel", "");
                String status = cancel.json().path("status").asText();
                if (cancel.status() == 200) {
                  assertThat(status).isEqualTo("cancelled");
                  said.put(id, "cancelled");
                } else {
                  assertThat(cancel.status()).as(cancel.raw().body()).isEqualTo(409);
                  said.put(id, "completed");
                }
                checker.accepted(
                    id, task -> task.path("status").asText().equals(said.getOrDefault(id, "")));
              })) {
        Await.until("enough cancels", LIMIT, () -> said.size() >= TASKS);
      }
      checker.settle(api, LIMIT).assertKept();
      assertThat(Set.copyOf(said.values()))
          .as("the race went both ways")
          .containsExactlyInAnyOrder("cancelled", "completed");
      // A second look: no late settle has changed what the first saw.
      checker.settle(api, LIMIT).assertKept();
    }
  }

  @Test
  void aCancelOfRunningWorkFreesTheModelWithinOneBatch() throws Exception {
    try (var penstock = PenstockProcess.start(folder, TinyModel.settings(TinyModel.SLOW));
        var api = penstock.api()) {
      String text = "the water that drives the turbine comes down the pipe ".repeat(20);
      var body = Api.JSON.createObjectNode().put("type", "embedding");
      var input = body.putArray("input");
      for (int i = 0; i < 1_000; i++) {
        input.add(i + " " + text);
      }
      String id = api.post("/v1/tasks", body.toString()).json().path("id").asText();
      Await.until(
          "it runs",
          LIMIT,
          () -> api.get("/v1/tasks/" + id).json().at("/progress/done").asInt() > 0);
      Answer cancelled = api.post("/v1/tasks/" + id + "/cancel", "");
      assertThat(cancelled.status()).isEqualTo(200);
      // Much of the work is left of it; the batches under way may end, and no other may begin.
      double before = api.metric("penstock_batch_run_seconds_count");
      Await.until(
          "nothing runs", Duration.ofMinutes(2), () -> api.metric("penstock_lane_running") == 0);
      Answer next = api.post("/v1/embeddings", "{\"input\":\"a drop\",\"priority\":0}");
      assertThat(next.status()).isEqualTo(200);
      int threads = Runtime.getRuntime().availableProcessors();
      assertThat(api.metric("penstock_batch_run_seconds_count") - before)
          .as("batches since the cancel: those under way, and the next request's")
          .isLessThanOrEqualTo(threads + 1.0);
      assertThat(api.get("/v1/tasks/" + id).json().path("status").asText()).isEqualTo("cancelled");
    }
  }
}
