package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.Urgent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that join while others hold all the work. What is long goes on for as long as a test. */
final class ScaleOutIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** How many tasks a node runs at once by default. */
  private static final int HANDS = 256;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Fleet fleet;

  @BeforeAll
  static void startFleet(@TempDir Path folder) throws Exception {
    fleet = Fleet.start(folder, Map.of(), 1, 3);
  }

  @AfterAll
  static void stopFleet() throws Exception {
    fleet.close();
  }

  @AfterEach
  void endAll() throws Exception {
    while (api().post("/v1/tasks/cancel", "{\"all\":true}").json().path("has_more").asBoolean()) {
      // There are more.
    }
    Await.until("nothing runs any more", LIMIT, () -> running() == 0);
  }

  private static Api api() {
    return fleet.api(0);
  }

  /** Only so many of the nodes that run tasks are there. */
  private static void nodes(int number) throws Exception {
    for (int i = 0; i < fleet.inference().size(); i++) {
      Fleet.Member member = fleet.inference(i);
      if (i >= number && member.process().alive()) {
        fleet.stop(member, LIMIT);
      } else if (i < number && !member.process().alive()) {
        member.process().relaunch();
        member.process().awaitReady();
      }
    }
  }

  /** As urgent as what a checker submits. */
  private static void submitLong(int count) throws Exception {
    String task = "{\"type\":\"ping\",\"priority\":5,\"input\":{\"sleep_ms\":600000}}";
    String tasks = String.join(",", Collections.nCopies(count, task));
    assertThat(api().post("/v1/tasks", "[" + tasks + "]").status()).isEqualTo(202);
  }

  private static int running() throws Exception {
    return api().get("/v1/queues/ping").json().path("in_flight").asInt();
  }

  private static void awaitRunning(int number) throws Exception {
    Await.until(number + " run", LIMIT, () -> running() == number);
  }

  /** Of the nodes that are there. */
  private static double duplicates() throws Exception {
    double sum = 0;
    for (Fleet.Member member : fleet.all()) {
      sum +=
          member.process().alive() ? member.api().metric("penstock_deliveries_duplicate_total") : 0;
    }
    return sum;
  }

  /** How many tasks each node runs, the most first. */
  private static List<Integer> hands() throws Exception {
    Map<String, Integer> hands = new HashMap<>();
    for (JsonNode worker : Fleet.workers(api())) {
      hands.put(worker.path("id").asText(), worker.path("running").asInt());
    }
    return hands.values().stream().filter(it -> it > 0).sorted((a, b) -> b - a).toList();
  }

  @Test
  void quickWorkIsDoneByTheNodeThatJoinsWhileTheOtherHasItsHandsFull() throws Exception {
    nodes(1);
    submitLong(HANDS);
    awaitRunning(HANDS);
    double duplicates = duplicates();
    var checker = new Checker();
    try (var urgent = Urgent.start(ScaleOutIT::api, Urgent.Work.PING)) {
      nodes(2);
      for (int i = 0; i < 20 * FaultTable.SCALE; i++) {
        checker.ping(api(), "");
      }
      Checker.Report report = checker.settle(api(), LIMIT);
      Duration waited = urgent.end();
      assertThat(running()).as("what is long runs on").isEqualTo(HANDS);
      FaultTable.add(
          "25",
          "a node joins while another has its hands full",
          report,
          Math.round(duplicates() - duplicates),
          waited,
          "");
    }
  }

  @Test
  void whatWaitsAtANodeIsRunByOnesThatJoin() throws Exception {
    nodes(1);
    submitLong(2 * HANDS);
    awaitRunning(HANDS);
    nodes(2);
    awaitRunning(2 * HANDS);
    submitLong(HANDS + 88);
    nodes(3);
    awaitRunning(3 * HANDS);
    Await.until(
        "each has its hands full", LIMIT, () -> hands().equals(List.of(HANDS, HANDS, HANDS)));
  }
}
