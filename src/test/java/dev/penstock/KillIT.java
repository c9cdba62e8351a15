package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.TaskState;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TaskTable;
import dev.penstock.testing.Vectors;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** kill -9, SIGSTOP and SIGTERM under load: rows 1, 8, 10, 12 and 17 of the table of faults. */
final class KillIT {
  private static final Duration DRAINED = Duration.ofMinutes(2);

  @TempDir Path folder;

  @Test
  void everyAcceptedTaskCompletesThoughTheProcessIsKilledThreeTimes() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, PenstockProcess.SHORT_LEASES);
        var api = penstock.api()) {
      Map<String, float[]> references = references(api);
      List<String> texts = List.copyOf(references.keySet());
      for (int kill = 0; kill < 3; kill++) {
        int before = checker.accepted();
        try (var _ =
            Producers.start(
                8,
                () -> {
                  var random = ThreadLocalRandom.current();
                  if (random.nextInt(4) == 0) {
                    String text = texts.get(random.nextInt(texts.size()));
                    checker.embedding(api, text, Objects.requireNonNull(references.get(text)));
                  } else {
                    checker.ping(api, ",\"sleep_ms\":" + random.nextInt(40));
                  }
                })) {
          Await.until("the load runs", DRAINED, () -> checker.accepted() > before + 150);
          penstock.kill();
        }
        penstock.restart();
      }
      checker.settle(api, DRAINED).assertKept();
    }
    TaskTable tasks = TaskTable.read(folder.resolve("data/penstock.db"));
    assertThat(tasks.lostLeases()).as("runs cut short are counted as lost leases").isPositive();
    assertThat(tasks.mostAttempts()).as("and not as attempts").isEqualTo(1);
  }

  private static Map<String, float[]> references(Api api) throws Exception {
    Map<String, float[]> references = new HashMap<>();
    for (int i = 0; i < 12; i++) {
      String text = "Water number " + i + " " + "flows down the hill and into the pipe ".repeat(i);
      var answer =
          api.post("/v1/embeddings", Api.JSON.createObjectNode().put("input", text).toString());
      references.put(text, Vectors.of(answer.json().at("/data/0/embedding")));
    }
    return references;
  }

  @Test
  void anInputThatKillsTheProcessFailsAloneAndItsNeighboursComplete() throws Exception {
    var checker = new Checker();
    Map<String, String> environment = new HashMap<>(PenstockProcess.SHORT_LEASES);
    environment.put("PING_ALLOW_CRASH", "true");
    environment.put("TASK_MAX_LOST", "3");
    try (var penstock = PenstockProcess.start(folder, environment);
        var api = penstock.api()) {
      for (int i = 0; i < 20; i++) {
        checker.ping(api, ",\"sleep_ms\":50");
      }
      // Last, so that its neighbours were accepted before it takes the process down.
      checker.submit(
          api,
          "{\"type\":\"ping\",\"priority\":9,\"input\":{\"crash\":true}}",
          task ->
              task.path("status").asText().equals("failed")
                  && task.at("/error/code").asText().equals("lease_lost"));
      // From then on it is a suspect, and runs in a process of its own.
      for (int deaths = 0; deaths < 2; deaths++) {
        Await.until("the process dies", Duration.ofSeconds(30), () -> !penstock.alive());
        penstock.relaunch();
      }
      penstock.awaitReady();
      checker.settle(api, DRAINED).assertKept();
      assertThat(penstock.alive()).as("it dies no more").isTrue();
    }
    TaskTable tasks = TaskTable.read(folder.resolve("data/penstock.db"));
    assertThat(tasks.mostLostOfCompleted())
        .as("the neighbours went down with it no more often")
        .isLessThanOrEqualTo(2);
  }

  @Test
  void aProcessFrozenPastItsLeasesLosesNothing() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, PenstockProcess.SHORT_LEASES);
        var api = penstock.api()) {
      for (int i = 0; i < 100; i++) {
        checker.ping(api, ",\"sleep_ms\":300");
      }
      penstock.signal("STOP");
      Thread.sleep(4_000); // how long it is frozen is the fault itself
      penstock.signal("CONT");
      checker.settle(api, DRAINED).assertKept();
    }
  }

  @Test
  void aStopFinishesWhatRunsGivesTheRestBackUncountedAndExitsWithZero() throws Exception {
    var checker = new Checker();
    Map<String, String> environment = new HashMap<>(PenstockProcess.SHORT_LEASES);
    environment.put("SHUTDOWN_TIMEOUT", "2s");
    try (var penstock = PenstockProcess.start(folder, environment);
        var api = penstock.api()) {
      for (int i = 0; i < 200; i++) {
        checker.ping(api, ",\"sleep_ms\":" + (i % 2 == 0 ? 500 : 5_000));
      }
      assertThat(penstock.terminate(Duration.ofSeconds(30))).isZero();
      TaskTable stopped = TaskTable.read(penstock.database());
      assertThat(stopped.count(TaskState.PROCESSING)).as("nothing is left behind running").isZero();
      assertThat(stopped.count(TaskState.COMPLETED)).as("what ran was finished").isPositive();
      assertThat(stopped.count(TaskState.PENDING)).as("the rest waits").isPositive();
      assertThat(stopped.lostLeases()).isZero();
      assertThat(stopped.mostAttemptsOfPending()).as("given back uncounted").isZero();
      penstock.restart();
      checker.settle(api, Duration.ofMinutes(3)).assertKept();
    }
  }
}
