package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node's death makes no suspect, and those that there are hold nobody up: rows 18 and 21 of the
 * table of faults. Leases are as long as users have them.
 */
final class SuspectsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String APART = " runs apart";
  private static final String URGENT =
      "{\"type\":\"embedding\",\"priority\":10,\"input\":{\"input\":\"urgent\"}}";

  @TempDir Path folder;

  private static List<JsonNode> tasks(Api api, String query) throws Exception {
    JsonNode data = api.get("/v1/tasks?limit=100&" + query).json().path("data");
    return StreamSupport.stream(data.spliterator(), false).toList();
  }

  private static void awaitRunning(Api api, int number) throws Exception {
    Await.until(
        number + " pings run",
        LIMIT,
        () -> tasks(api, "type=ping&status=processing").size() == number);
  }

  private static JsonNode ended(Api api, String id) throws Exception {
    JsonNode[] task = new JsonNode[1];
    Await.until(
        "task " + id + " has ended",
        LIMIT,
        () -> {
          task[0] = api.get("/v1/tasks/" + id).json();
          return task[0].has("finished_at");
        });
    return task[0];
  }

  /** Whether a held request becomes a task, which lists show. */
  private static boolean makesTask(Api api) throws Exception {
    int before = tasks(api, "type=embedding").size();
    String text = "Drop number " + System.nanoTime();
    Answer held = api.post("/v1/embeddings", "{\"input\":\"" + text + "\"}");
    assertThat(held.status()).as(held.raw().body()).isEqualTo(200);
    return tasks(api, "type=embedding").size() > before;
  }

  private static String urgent(Checker checker, Api api, String body) throws Exception {
    return checker.submit(api, body, Checker::completed).orElseThrow();
  }

  @Test
  void afterAKillAllThatRanRunsAgainAtOnceAndUrgentWorkPassesIt() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      Await.until("held requests make no task", LIMIT, () -> !makesTask(api));
      for (int i = 0; i < 30; i++) {
        checker.ping(api, ",\"sleep_ms\":8000");
      }
      awaitRunning(api, 30);
      penstock.kill();
      penstock.restart();

      awaitRunning(api, 30);
      String urgent = urgent(checker, api, URGENT);
      double done = ended(api, urgent).path("finished_at").asDouble();
      for (int i = 0; i < 3; i++) {
        assertThat(makesTask(api)).as("what is sent after a death is a task").isTrue();
      }
      checker.settle(api, LIMIT).assertKept();
      assertThat(tasks(api, "type=ping"))
          .allSatisfy(task -> {
            assertThat(task.path("lost").asInt()).isEqualTo(1);
            assertThat(task.path("finished_at").asDouble()).isGreaterThan(done);
          });
      assertThat(penstock.log()).doesNotContain(APART);
    }
  }

  @Test
  void whatKillsItsProcessFailsAloneWhileOthersGoOn() throws Exception {
    var checker = new Checker();
    try (var penstock =
            PenstockProcess.start(
                folder, Map.of("PING_ALLOW_CRASH", "true", "TASK_MAX_LOST", "3"));
        var api = penstock.api()) {
      List<String> neighbours = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        neighbours.add(checker.ping(api, ",\"sleep_ms\":1500").orElseThrow());
      }
      String culprit =
          checker
              .submit(
                  api,
                  "{\"type\":\"ping\",\"priority\":9,\"input\":{\"crash\":true}}",
                  task ->
                      task.path("status").asText().equals("failed")
                          && task.at("/error/code").asText().equals("lease_lost"))
              .orElseThrow();
      for (int deaths = 0; deaths < 2; deaths++) {
        Await.until("the process dies", LIMIT, () -> !penstock.alive());
        penstock.relaunch();
      }
      penstock.awaitReady();
      long pid = penstock.pid();
      String ping = checker.ping(api, "").orElseThrow();
      String urgent = urgent(checker, api, URGENT);
      double done =
          Math.max(
              ended(api, urgent).path("finished_at").asDouble(),
              ended(api, ping).path("finished_at").asDouble());
      JsonNode failed = ended(api, culprit);
      checker.settle(api, LIMIT).assertKept();
      assertThat(failed.path("finished_at").asDouble())
          .as("others had ended before it was found")
          .isGreaterThan(done);
      assertThat(penstock.alive() && penstock.pid() == pid).as("it dies no more").isTrue();
      assertThat(penstock.log()).contains("task " + culprit + " ran alone when its process died");
      for (String neighbour : neighbours) {
        assertThat(api.get("/v1/tasks/" + neighbour).json().path("lost").asInt())
            .as("the node took it along twice, the child's deaths are not its own")
            .isLessThanOrEqualTo(2);
      }
    }
  }

  @Test
  void aSuspectThatNeedsAModelHasItInTheOtherProcess() throws Exception {
    ObjectNode task = Api.JSON.createObjectNode().put("type", "embedding");
    task.put("model", TinyModel.SLOW);
    var texts = task.putObject("input").putArray("input");
    IntStream.range(0, 40)
        .forEach(i -> texts.add(i + " the water that drives the turbine comes down".repeat(10)));
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      Answer submitted = api.post("/v1/tasks", task.toString());
      assertThat(submitted.status()).as(submitted.raw().body()).isEqualTo(202);
      String id = submitted.json().path("id").asText();
      for (int deaths = 0; deaths < 2; deaths++) {
        Await.until(
            "it runs",
            LIMIT,
            () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("processing"));
        penstock.kill();
        penstock.restart();
      }
      JsonNode ended = ended(api, id);
      assertThat(ended.path("status").asText()).as(ended.toString()).isEqualTo("completed");
      assertThat(ended.at("/result/data")).hasSize(40);
      assertThat(ended.path("attempts").asInt()).isEqualTo(1);
      assertThat(penstock.log()).contains("task " + id + APART);
    }
  }
}
