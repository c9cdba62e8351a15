package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.BrokerSettings;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Program;
import dev.penstock.testing.RabbitServer;
import dev.penstock.testing.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program with its work in RabbitMQ and Redis: rows 1, 4 and 5 of the faults. */
final class ClusterPartsIT {
  private static final Duration DRAINED = Duration.ofMinutes(2);

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

  private static Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>(BrokerSettings.of(rabbit, redis));
    settings.putAll(
        Map.of(
            "LEASE_DURATION", "2s",
            "LEASE_EXTEND_EVERY", "500ms",
            "LEASE_SWEEP_EVERY", "300ms",
            "LEASE_MARGIN", "500ms",
            "RABBITMQ_CONFIRM_TIMEOUT", "3s"));
    return settings;
  }

  @Test
  void everyAcceptedTaskCompletesThoughTheProgramIsKilled() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, settings());
        var api = penstock.api()) {
      for (int kill = 0; kill < 2; kill++) {
        int before = checker.accepted();
        try (var _ =
            Producers.start(
                8,
                () ->
                    checker.ping(
                        api, ",\"sleep_ms\":" + ThreadLocalRandom.current().nextInt(40)))) {
          Await.until("the load runs", DRAINED, () -> checker.accepted() > before + 150);
          penstock.kill();
        }
        penstock.restart();
      }
      checker.settle(api, DRAINED).assertKept();
    }
    assertThat(folder.resolve("data/penstock.db")).as("nothing is kept in SQLite").doesNotExist();
  }

  @Test
  void everyAcceptedTaskCompletesThoughTheBrokerIsKilled() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, settings());
        var api = penstock.api()) {
      try (var _ =
          Producers.start(
              8,
              () ->
                  checker.ping(api, ",\"sleep_ms\":" + ThreadLocalRandom.current().nextInt(40)))) {
        Await.until("the load runs", DRAINED, () -> checker.accepted() > 150);
        rabbit.kill();
        Await.until("submits are refused", DRAINED, () -> checker.refused() > 10);
        assertThat(api.get("/health/ready").status()).isEqualTo(503);
        rabbit.relaunch();
        rabbit.awaitUp();
        int before = checker.accepted();
        Await.until("the load runs again", DRAINED, () -> checker.accepted() > before + 150);
      }
      checker.settle(api, DRAINED).assertKept();
    }
  }

  @Test
  void whatTheBrokerHasForgottenRunsAllTheSame() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, settings());
        var api = penstock.api()) {
      assertThat(api.post("/v1/queues/ping/pause", "").status()).isEqualTo(200);
      for (int i = 0; i < 100; i++) {
        checker.ping(api, "");
      }
      assertThat(checker.accepted()).isEqualTo(100);
      rabbit.forget();
      rabbit.relaunch();
      rabbit.awaitUp();
      assertThat(api.post("/v1/queues/ping/resume", "").status()).isEqualTo(200);
      checker.settle(api, DRAINED).assertKept();
    }
  }

  @Test
  void whatRunsWhileRedisIsFrozenGoesOnAndLosesNoLease() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, settings());
        var api = penstock.api()) {
      String last = "";
      for (int i = 0; i < 20; i++) {
        last =
            checker
                .submit(
                    api,
                    "{\"type\":\"ping\",\"input\":{\"sleep_ms\":%d}}"
                        .formatted(i < 10 ? 3_000 : 15_000),
                    task ->
                        Checker.completed(task)
                            && task.path("lost").asInt() == 0
                            && task.path("attempts").asInt() == 1)
                .orElseThrow();
      }
      String running = last;
      Await.until("all run", DRAINED, () -> status(api, running).equals("processing"));
      redis.freeze();
      // It takes longer to notice than leases last.
      Await.until("it is not ready", DRAINED, () -> api.get("/health/ready").status() == 503);
      redis.thaw();
      checker.settle(api, DRAINED).assertKept();
    }
  }

  @Test
  void whatRedisHasForgottenRunsAllTheSameAndEndedTasksAreNotFound() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, settings());
        var api = penstock.api()) {
      var ended = new Checker();
      String result = ended.ping(api, "").orElseThrow();
      ended.settle(api, DRAINED).assertKept();
      List<String> lost = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        String id = checker.ping(api, ",\"sleep_ms\":10000").orElseThrow();
        Await.until("it runs", DRAINED, () -> status(api, id).equals("processing"));
        lost.add(id);
      }
      // The others wait: one that had ended before would rightly be gone.
      assertThat(api.post("/v1/queues/ping/pause", "").status()).isEqualTo(200);
      for (int i = 0; i < 50; i++) {
        lost.add(checker.ping(api, "").orElseThrow());
      }
      redis.forget();
      Await.until("it is not ready", DRAINED, () -> api.get("/health/ready").status() == 503);
      redis.restart();
      penstock.awaitReady();
      assertThat(api.get("/v1/tasks/" + result).status()).isEqualTo(404);
      for (String id : lost) {
        Await.until("it is known again", DRAINED, () -> !status(api, id).isEmpty());
      }
      checker.settle(api, DRAINED).assertKept();
    }
  }

  @Test
  void aDeletedTasksMessageRunsNothing() throws Exception {
    try (var penstock = PenstockProcess.start(folder, settings());
        var api = penstock.api()) {
      assertThat(api.post("/v1/queues/ping/pause", "").status()).isEqualTo(200);
      var checker = new Checker();
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        ids.add(checker.ping(api, "").orElseThrow());
      }
      assertThat(api.post("/v1/tasks/cancel", "{\"all\":true}").status()).isEqualTo(200);
      assertThat(api.delete("/v1/tasks/" + ids.getFirst()).status()).isEqualTo(200);
      assertThat(api.post("/v1/tasks/delete", "{\"all\":true}").status()).isEqualTo(200);
      assertThat(api.post("/v1/queues/ping/resume", "").status()).isEqualTo(200);

      // Its message comes after theirs.
      var last = new Checker();
      last.ping(api, "");
      last.settle(api, DRAINED).assertKept();
      assertThat(api.metric("penstock_tasks_restored_total")).isZero();
      assertThat(api.metric("penstock_runs_total{lane=\"ping\"")).isEqualTo(1);
      for (String id : ids) {
        assertThat(api.get("/v1/tasks/" + id).status()).isEqualTo(404);
      }
    }
  }

  /** Empty: it is not known. */
  private static String status(Api api, String id) throws Exception {
    return api.get("/v1/tasks/" + id).json().path("status").asText();
  }

  @Test
  void itStartsWhileTheBrokerIsAwayAndSaysSo() throws Exception {
    rabbit.kill();
    try (var penstock = PenstockProcess.launch(folder, settings());
        var api = penstock.api()) {
      Await.until("it says so", DRAINED, () -> penstock.log().contains("RabbitMQ at 127.0.0.1"));
      rabbit.relaunch();
      rabbit.awaitUp();
      penstock.awaitReady();
      var checker = new Checker();
      checker.ping(api, "");
      checker.settle(api, DRAINED).assertKept();
    }
  }

  @Test
  void oneOfTheTwoAloneIsRefused() throws Exception {
    var ended = Program.run(folder, Map.of("RABBITMQ_HOST", "127.0.0.1"));

    assertThat(ended.status()).isNotZero();
    assertThat(ended.output()).contains("redis.host: must be set too");
  }
}
