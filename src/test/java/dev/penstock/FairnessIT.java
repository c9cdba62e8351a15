package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.BrokerSettings;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.RabbitServer;
import dev.penstock.testing.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The packaged program with a full queue: what goes first, on SQLite and on the brokers alike. */
final class FairnessIT {
  private static final Duration DRAINED = Duration.ofMinutes(2);
  private static final int IN_HAND = 4;
  private static final int AT_A_TIME = 1_000;

  enum On {
    SQLITE,
    RABBITMQ
  }

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RabbitServer rabbit;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RedisServer redis;

  @TempDir Path folder;

  @BeforeAll
  static void startServers(@TempDir Path data, @TempDir Path redisData) throws Exception {
    rabbit = RabbitServer.start(data);
    redis = RedisServer.start(redisData);
  }

  @AfterAll
  static void stopServers() throws Exception {
    redis.close();
    rabbit.close();
  }

  private static Map<String, String> settings(On on) {
    Map<String, String> settings = new HashMap<>();
    settings.put("INFERENCE_TASKS_IN_HAND", Integer.toString(IN_HAND));
    if (on == On.RABBITMQ) {
      settings.putAll(BrokerSettings.of(rabbit, redis));
    }
    return settings;
  }

  @ParameterizedTest
  @EnumSource
  void priorityTenOvertakesAFullQueueOfPriorityZero(On on) throws Exception {
    try (var penstock = PenstockProcess.start(folder, settings(on));
        var api = penstock.api()) {
      List<String> idle = submit(api, 2_000, 0);
      Await.until("they run", DRAINED, () -> status(api, idle.getFirst()).equals("completed"));
      double submitted = System.currentTimeMillis() / 1_000.0;
      String urgent = submit(api, 1, 10).getFirst();

      Await.until("it is done", DRAINED, () -> status(api, urgent).equals("completed"));
      double began = time(api, urgent, "started_at");
      double[] starts = awaitStarts(api, idle);
      long before = DoubleStream.of(starts).filter(at -> at > submitted && at < began).count();
      long after = DoubleStream.of(starts).filter(at -> at > began).count();
      assertThat(after).as("%s: most were still to come", on).isGreaterThan(500);
      System.out.printf("%s: %d of priority 0 began before the urgent one%n", on, before);
      assertThat(before).as("%s: began before it", on).isLessThan(200);
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoOwnersWithUnequalBacklogsGetEqualTurns(On on) throws Exception {
    try (var penstock = PenstockProcess.start(folder, settings(on));
        var api = penstock.api();
        var other = new Api(penstock.uri(), api.keyOf("other-" + on))) {
      assertThat(api.post("/v1/queues/ping/pause", "").status()).isEqualTo(200);
      List<String> big = submit(api, 2_000, 3);
      List<String> small = submit(other, 100, 3);
      assertThat(api.post("/v1/queues/ping/resume", "").status()).isEqualTo(200);

      double[] turns = awaitStarts(other, small);
      double first = DoubleStream.of(turns).min().orElseThrow();
      double last = DoubleStream.of(turns).max().orElseThrow();
      double[] others = awaitStarts(api, big);
      long before = DoubleStream.of(others).filter(at -> at < last).count();
      System.out.printf("%s: %d of 2,000 began before the last of 100%n", on, before);
      // The order holds among what the broker has handed over, and it may hand the small backlog
      // over when the other has begun: so it is counted from the first of the 100. One turn of the
      // other is behind each of them but the last. Those leased together begin at one time: of
      // those leased with the first, and with the last, all but itself may be counted wrongly.
      long between = DoubleStream.of(others).filter(at -> at >= first && at < last).count();
      assertThat(between)
          .as("%s: turns of the other owner", on)
          .isBetween(99L - (IN_HAND - 1), 99L + (IN_HAND - 1));
    }
  }

  private static List<String> submit(Api api, int n, int priority) throws Exception {
    List<String> ids = new ArrayList<>();
    String task =
        "{\"type\":\"ping\",\"priority\":%d,\"input\":{\"sleep_ms\":10}}".formatted(priority);
    while (ids.size() < n) {
      int some = Math.min(AT_A_TIME, n - ids.size());
      var answer =
          some == 1
              ? api.post("/v1/tasks", task)
              : api.post(
                  "/v1/tasks", "[" + String.join(",", Collections.nCopies(some, task)) + "]");
      assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
      if (some == 1) {
        ids.add(answer.json().path("id").asText());
      } else {
        answer.json().path("data").forEach(each -> ids.add(each.path("id").asText()));
      }
    }
    return ids;
  }

  private static String status(Api api, String id) throws Exception {
    return api.get("/v1/tasks/" + id).json().path("status").asText();
  }

  private static double time(Api api, String id, String field) throws Exception {
    return api.get("/v1/tasks/" + id).json().path(field).asDouble();
  }

  /** When each was started, once all are done. */
  private static double[] awaitStarts(Api api, List<String> ids) throws Exception {
    double[] starts = new double[ids.size()];
    for (int i = 0; i < starts.length; i++) {
      int n = i;
      Await.until(
          "it is done",
          DRAINED,
          () -> {
            JsonNode task = api.get("/v1/tasks/" + ids.get(n)).json();
            starts[n] = task.path("started_at").asDouble();
            return task.path("status").asText().equals("completed");
          });
    }
    return starts;
  }
}
