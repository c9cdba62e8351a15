package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.Fleet.Member;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TurningClient;
import dev.penstock.testing.Vectors;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Nodes of a fleet that die: kill -9, and inputs that kill. */
final class FaultsIT extends FleetFaults {

  @Test
  void whatANodeRunsWhenItIsKilledRunsAtTheOther() throws Exception {
    Map<String, float[]> references = references();
    for (Member node : fleet.inference()) {
      try (var _ = Producers.start(8, () -> submit(references))) {
        awaitMore(150);
        fleet.kill(node);
        node.process().relaunch();
        awaitMore(150);
      }
      node.process().awaitReady();
    }
    settle("01", "kill -9 a node that runs tasks");
  }

  private void submit(Map<String, float[]> references) throws InterruptedException {
    var random = ThreadLocalRandom.current();
    if (random.nextInt(8) == 0) {
      String text = "Water number " + random.nextInt(references.size());
      checker.embedding(fleet.api(0), text, references.getOrDefault(text, new float[0]));
    } else {
      checker.ping(fleet.api(0), ",\"sleep_ms\":" + random.nextInt(100));
    }
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
    for (Member node : fleet.inference()) {
      try (var _ = Producers.start(16, () -> checker.ping(fleet.api(0), ""))) {
        awaitMore(400);
        fleet.kill(node);
        node.process().relaunch();
        awaitMore(400);
      }
      node.process().awaitReady();
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
    assertThat(deaths.get()).as("nodes it took down").isEqualTo(2);
    settle("08", "an input kills the process that runs it");
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
}
