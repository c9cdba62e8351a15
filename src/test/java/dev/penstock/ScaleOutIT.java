package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Fleet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that join while others hold all the work. What is long goes on for as long as a test. */
final class ScaleOutIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String LONG = "{\"sleep_ms\":600000}";

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

  private static List<String> submit(int count, String input) throws Exception {
    String tasks =
        IntStream.range(0, count)
            .mapToObj(_ -> "{\"type\":\"ping\",\"input\":" + input + "}")
            .collect(Collectors.joining(",", "[", "]"));
    Api.Answer answer = api().post("/v1/tasks", tasks);
    assertThat(answer.status()).isEqualTo(202);
    return answer.json().path("data").findValuesAsText("id");
  }

  private static int running() throws Exception {
    return api().get("/v1/queues/ping").json().path("in_flight").asInt();
  }

  private static void awaitRunning(int number) throws Exception {
    Await.until(number + " run", LIMIT, () -> running() == number);
  }

  private static void awaitCompleted(List<String> ids) throws Exception {
    for (String id : ids) {
      Await.until(
          id + " is completed",
          LIMIT,
          () -> api().get("/v1/tasks/" + id).json().path("status").asText().equals("completed"));
    }
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
    submit(HANDS, LONG);
    awaitRunning(HANDS);
    nodes(2);
    awaitCompleted(submit(20, "{}"));
    awaitCompleted(submit(20, "{}"));
    assertThat(running()).as("what is long runs on").isEqualTo(HANDS);
  }

  @Test
  void whatWaitsAtANodeIsRunByOnesThatJoin() throws Exception {
    nodes(1);
    submit(2 * HANDS, LONG);
    awaitRunning(HANDS);
    nodes(2);
    awaitRunning(2 * HANDS);
    submit(HANDS + 88, LONG);
    nodes(3);
    awaitRunning(3 * HANDS);
    Await.until(
        "each has its hands full", LIMIT, () -> hands().equals(List.of(HANDS, HANDS, HANDS)));
  }
}
