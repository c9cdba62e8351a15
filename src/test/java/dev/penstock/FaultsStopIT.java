package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.Fleet.Member;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TurningClient;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Nodes of a fleet that are frozen, stopped, restarted and drained. */
final class FaultsStopIT extends FleetFaults {

  @Test
  void aNodeFrozenPastItsLeasesChangesNothingWhenItWakes() throws Exception {
    Member frozen = fleet.inference(0);
    double lost = lostLeases(frozen);
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
