package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.Fleet.Member;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TurningClient;
import dev.penstock.testing.Vectors;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Faults of our own processes, where several share RabbitMQ and Redis: two nodes take requests, two
 * run tasks, and any of them is killed, frozen or stopped.
 */
final class FaultsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Fleet fleet;

  private final Checker checker = new Checker();
  private long duplicates;

  @BeforeAll
  static void startFleet(@TempDir Path folder) throws Exception {
    Map<String, String> settings = Map.of("PING_ALLOW_CRASH", "true", "TASK_MAX_LOST", "3");
    fleet = Fleet.start(folder, settings, 2, 2);
  }

  @AfterAll
  static void stopFleet() throws Exception {
    fleet.close();
  }

  @BeforeEach
  void makeWhole() throws Exception {
    fleet.awaitWhole();
    duplicates = fleet.duplicates();
  }

  /** Waits for all work, and keeps and asserts what came of it. */
  private void settle(String number, String fault) throws Exception {
    Checker.Report report = checker.settle(fleet.api(1), LIMIT.multipliedBy(SCALE));
    fleet.awaitWhole();
    FaultTable.add(number, fault, report, fleet.duplicates() - duplicates);
  }

  private void awaitMore(int more) throws Exception {
    int before = checker.accepted();
    Await.until("the load runs", LIMIT, () -> checker.accepted() > before + more * SCALE);
  }

  @Test
  void whatANodeRunsWhenItIsKilledRunsAtTheOther() throws Exception {
    Map<String, float[]> references = references();
    try (var _ =
        Producers.start(
            8,
            () -> {
              var random = ThreadLocalRandom.current();
              if (random.nextInt(8) == 0) {
                String text = "Water number " + random.nextInt(references.size());
                checker.embedding(fleet.api(0), text, references.getOrDefault(text, new float[0]));
              } else {
                checker.ping(fleet.api(0), ",\"sleep_ms\":" + random.nextInt(100));
              }
            })) {
      for (Member node : fleet.inference()) {
        awaitMore(150);
        fleet.kill(node);
        node.process().relaunch();
        node.process().awaitReady();
      }
      awaitMore(50);
    }
    settle("01", "kill -9 a node that runs tasks");
  }

  private static Map<String, float[]> references() throws Exception {
    Map<String, float[]> references = new HashMap<>();
    for (int i = 0; i < 6; i++) {
      String text = "Water number " + i;
      String body = Api.JSON.createObjectNode().put("input", text).toString();
      references.put(
          text,
          Vectors.of(fleet.api(0).post("/v1/embeddings", body).json().at("/data/0/embedding")));
    }
    return references;
  }

  @Test
  void aSubmitRepeatedAtTheOtherNodeMeetsItsTask() throws Exception {
    double runs = fleet.sum("penstock_runs_total{lane=\"ping\",outcome=\"completed\"");
    var client = new TurningClient(fleet.api(0), fleet.api(1));
    var names = new AtomicInteger();
    try (var _ =
        Producers.start(
            12,
            () -> {
              String name = "name-" + names.incrementAndGet();
              Answer answer =
                  client.post(
                      20,
                      "/v1/tasks",
                      "{\"type\":\"ping\",\"input\":{\"name\":\"" + name + "\"}}",
                      "Idempotency-Key",
                      name);
              assertThat(answer.status()).as(answer.raw().body()).isIn(200, 202);
              checker.accepted(
                  answer.json().path("id").asText(),
                  task ->
                      Checker.completed(task)
                          && task.at("/result/echo/name").asText().equals(name));
            })) {
      for (int i = 0; i < 2; i++) {
        awaitMore(200);
        fleet.kill(fleet.http(i));
        awaitMore(100);
        fleet.awaitWhole();
      }
    }
    assertThat(client.repeats()).as("requests that were sent again").isPositive();
    assertThat(checker.accepted()).as("a task for each name").isEqualTo(names.get());
    settle("02", "kill -9 a node that takes requests; its clients repeat at the other");
    assertThat(fleet.sum("penstock_runs_total{lane=\"ping\",outcome=\"completed\"") - runs)
        .as("runs: no name had a second task")
        .isEqualTo(names.get());
  }

  @Test
  void aKillBetweenASettleAndItsAckMakesNoSecondResult() throws Exception {
    try (var _ = Producers.start(16, () -> checker.ping(fleet.api(0), ""))) {
      for (Member node : fleet.inference()) {
        awaitMore(400);
        fleet.kill(node);
        node.process().relaunch();
        node.process().awaitReady();
      }
      awaitMore(50);
    }
    settle("03", "kill -9 between settles and acks");
  }

  @Test
  void anInputThatKillsItsProcessFailsAloneAndItsNeighboursComplete() throws Exception {
    for (int i = 0; i < 40; i++) {
      checker.ping(fleet.api(0), ",\"sleep_ms\":100");
    }
    String culprit =
        checker
            .submit(
                fleet.api(0),
                "{\"type\":\"ping\",\"priority\":9,\"input\":{\"crash\":true}}",
                task ->
                    task.path("status").asText().equals("failed")
                        && task.at("/error/code").asText().equals("lease_lost"))
            .orElseThrow();
    var deaths = new AtomicInteger();
    Await.until(
        "the culprit has failed",
        LIMIT,
        () -> {
          // As an orchestrator would.
          for (Member node : fleet.inference()) {
            if (!node.process().alive()) {
              deaths.incrementAndGet();
              node.process().relaunch();
            }
          }
          return fleet
              .api(0)
              .get("/v1/tasks/" + culprit)
              .json()
              .path("status")
              .asText()
              .equals("failed");
        });
    assertThat(deaths.get()).as("processes it took down").isEqualTo(4);
    settle("08", "an input kills the process that runs it");
  }

  @Test
  void aNodeFrozenPastItsLeasesChangesNothingWhenItWakes() throws Exception {
    Member frozen = fleet.inference(0);
    double lost = lostLeases(frozen);
    // Those it runs run alone at the other node, one after the other.
    Producers.all(40 * SCALE, _ -> checker.ping(fleet.api(0), ",\"sleep_ms\":1000"));
    Await.until(
        "it runs some",
        LIMIT,
        () -> frozen.api().metric("penstock_lane_running{lane=\"ping\"") > 0);
    frozen.process().signal("STOP");
    try {
      Await.until("its leases have lapsed", LIMIT, () -> lostLeases(frozen) > lost);
    } finally {
      frozen.process().signal("CONT");
    }
    checker.settle(fleet.api(1), LIMIT).assertKept();
    Await.until(
        "it has let go of what it ran",
        LIMIT,
        () -> frozen.api().metric("penstock_lane_running{lane=\"ping\"") == 0);
    // A second look: nothing of what the frozen node held has changed a result.
    settle("10", "a node is frozen past its leases and wakes up");
  }

  /** The cluster lets a silent node go after ten seconds; when it wakes, the two halves merge. */
  @Test
  void aNodeTheClusterLetGoHearsWhatItWasToldMeanwhile() throws Exception {
    Member frozen = fleet.inference(0);
    Await.until("the dead of other tests are forgotten", LIMIT, () -> ids().size() == 2);
    Set<String> all = new HashSet<>(ids());
    frozen.process().signal("STOP");
    String id;
    try {
      Await.until("the others miss it", LIMIT, () -> ids().size() == 1);
      all.removeAll(ids());
      id = all.iterator().next();
    } finally {
      frozen.process().signal("CONT");
    }
    fleet.awaitWorker("is back", worker -> worker.path("id").asText().equals(id));
    assertThat(fleet.api(0).post("/v1/workers/" + id + "/drain", "").status()).isEqualTo(202);
    fleet.awaitWorker(
        "has heard it", worker -> worker.path("id").asText().equals(id) && Fleet.draining(worker));
    stopDrained();
    checker.ping(fleet.api(1), "");
    checker.settle(fleet.api(1), LIMIT).assertKept();
  }

  private static Set<String> ids() throws Exception {
    return Fleet.workers(fleet.api(0)).stream()
        .map(worker -> worker.path("id").asText())
        .collect(Collectors.toSet());
  }

  /** As the other nodes counted them: a frozen one does not answer. */
  private static double lostLeases(Member frozen) throws Exception {
    double sum = 0;
    for (Member node : fleet.all()) {
      sum += node.equals(frozen) ? 0 : node.api().metric("penstock_leases_lost_total");
    }
    return sum;
  }

  @Test
  void aStoppedNodeGivesItsWorkBackUncounted() throws Exception {
    double lost = fleet.sum("penstock_leases_lost_total");
    // All at once: the first would have ended before the last was submitted on a slow machine.
    assertThat(fleet.api(0).post("/v1/queues/ping/pause", "").status()).isEqualTo(200);
    Producers.all(
        120 * SCALE,
        i -> {
          String body =
              "{\"type\":\"ping\",\"input\":{\"sleep_ms\":" + (i % 2 == 0 ? 500 : 5_000) + "}}";
          checker.submit(
              fleet.api(0),
              body,
              task ->
                  Checker.completed(task)
                      && task.path("attempts").asInt() == 1
                      && task.path("lost").asInt() == 0);
        });
    Member stopping = fleet.inference(0);
    assertThat(fleet.api(0).post("/v1/queues/ping/resume", "").status()).isEqualTo(200);
    Await.until(
        "its hands are full",
        LIMIT,
        () -> stopping.api().metric("penstock_lane_running{lane=\"ping\"") > 20);
    lost -= stopping.api().metric("penstock_leases_lost_total");
    fleet.stop(stopping, Duration.ofSeconds(30));
    settle("12", "SIGTERM to a node with full hands");
    assertThat(fleet.sum("penstock_leases_lost_total") - lost).isZero();
  }

  @Test
  void aRollingRestartFailsNoRequest() throws Exception {
    var client = new TurningClient(fleet.api(0), fleet.api(1));
    var names = new AtomicInteger();
    var held = new AtomicInteger();
    try (var _ =
            Producers.start(
                4,
                () -> {
                  // Three times, as OpenAI's SDKs do.
                  Answer answer =
                      client.post(
                          3,
                          "/v1/embeddings",
                          "{\"input\":\"Drop number " + names.incrementAndGet() + "\"}");
                  assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
                  held.incrementAndGet();
                });
        var _ =
            Producers.start(
                4,
                () -> {
                  int n = names.incrementAndGet();
                  Answer answer =
                      client.post(
                          3,
                          "/v1/tasks",
                          "{\"type\":\"ping\",\"input\":{\"n\":" + n + ",\"sleep_ms\":100}}",
                          "Idempotency-Key",
                          "rolling-" + n);
                  assertThat(answer.status()).as(answer.raw().body()).isIn(200, 202);
                  checker.accepted(
                      answer.json().path("id").asText(),
                      task -> Checker.completed(task) && task.at("/result/echo/n").asInt() == n);
                })) {
      for (Member node : fleet.all()) {
        int before = held.get();
        Await.until("requests are answered", LIMIT, () -> held.get() > before + 20);
        fleet.stop(node, Duration.ofSeconds(30));
        fleet.awaitWhole();
      }
    }
    System.out.println("rolling: " + held + " held requests, repeats: " + client.repeats());
    settle("12b", "each node is restarted in turn");
  }

  @Test
  void aDeadNodeLeavesTheListOfWorkers() throws Exception {
    fleet.kill(fleet.inference(0));
    Await.until(
        "one is left",
        Duration.ofSeconds(30),
        () -> Fleet.workers(fleet.api(0)).size() == 1 && Fleet.workers(fleet.api(1)).size() == 1);
    checker.ping(fleet.api(0), "");
    checker.settle(fleet.api(0), LIMIT).assertKept();
  }

  @Test
  void aDrainedNodeFinishesWhatItRunsAndTakesNothingNew() throws Exception {
    Producers.all(100, _ -> checker.ping(fleet.api(0), ",\"sleep_ms\":1500"));
    JsonNode busy = fleet.awaitWorker("runs something", w -> w.path("running").asInt() > 0);
    String id = busy.path("id").asText();
    assertThat(fleet.api(0).post("/v1/workers/" + id + "/drain", "").status()).isEqualTo(202);
    JsonNode taker = fleet.awaitNode("takes requests", Fleet::takesRequests);
    Answer refused = fleet.api(0).post("/v1/workers/" + taker.path("id").asText() + "/drain", "");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.json().at("/error/code").asText()).isEqualTo("worker_runs_no_tasks");
    try {
      fleet.awaitWorker(
          "is drained",
          worker ->
              worker.path("id").asText().equals(id)
                  && Fleet.draining(worker)
                  && worker.path("running").asInt() == 0);
      for (int i = 0; i < 50; i++) {
        checker.submit(
            fleet.api(1),
            "{\"type\":\"ping\",\"input\":{}}",
            task -> Checker.completed(task) && !task.at("/result/worker").asText().equals(id));
      }
      checker.settle(fleet.api(0), LIMIT).assertKept();
    } finally {
      stopDrained();
    }
    assertThat(fleet.inference().stream().filter(node -> node.process().alive())).hasSize(1);
  }

  private static void stopDrained() throws Exception {
    for (Member node : fleet.inference()) {
      String log = node.process().log();
      if (log.lastIndexOf("told to drain") > log.lastIndexOf(" is at http")) {
        fleet.stop(node, Duration.ofSeconds(10));
      }
    }
  }
}
