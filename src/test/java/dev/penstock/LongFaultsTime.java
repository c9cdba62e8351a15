package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.PluginJar;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Site;
import dev.penstock.testing.Urgent.Work;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is away for a while, and work whose time has not come: rows 19, 26 and 27 of the faults. */
final class LongFaultsTime {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Longer than a lease, its margin and the time between two searches for lapsed ones. */
  private static final int AWAY_SECONDS = 4;

  /** With the usual work under each fault, 30 s. */
  private static final int LONG_AWAY_SECONDS = 3 * SCALE;

  /** With the usual work under each fault the default, 1 s. */
  private static final String RETRY_BASE = 100 * SCALE + "ms";

  private static final int RUN_AT_SECONDS = 8;

  /** A task type whose runs need somebody who listens at a port. */
  private static final String ASKS =
      """
      public final class Asks implements TaskHandler {
        public String type() { return "asks"; }
        public String inputSchema() { return "{}"; }
        public String outputSchema() { return "{}"; }
        public Outcome run(Task task, Control control) {
          String port = new String(task.spec().input()).replaceAll("[^0-9]", "");
          try (var socket = new java.net.Socket("127.0.0.1", Integer.parseInt(port))) {
            return Outcome.done(socket.isConnected());
          } catch (java.io.IOException e) {
            return Outcome.retry("nobody listens");
          }
        }
      }
      """;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site lone;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site brokers;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    Path plugins = Files.createDirectory(folder.resolve("plugins"));
    Path built = folder.resolve("asks.jar");
    PluginJar.build(Files.createDirectory(folder.resolve("work")), Map.of("Asks", ASKS), built);
    Files.move(built, plugins.resolve("asks.jar"));
    lone =
        Site.sqlite(
            folder.resolve("lone"),
            Map.of("PLUGINS_DIR", plugins.toString(), "TASK_RETRY_BASE", RETRY_BASE));
    brokers = Site.brokers(folder.resolve("brokers"), Map.of("TASK_RETRY_BASE", RETRY_BASE));
  }

  @AfterAll
  static void stop() {
    lone.close();
    brokers.close();
  }

  static Stream<Site> both() {
    return Stream.of(lone, brokers);
  }

  /** Pings that run once, some of which end while the store is away. */
  private static void submitLong(FaultRow row, Site site) throws Exception {
    int tasks = Math.min(200, 10 * SCALE);
    for (int i = 0; i < tasks; i++) {
      row.checker()
          .submit(
              site.api(),
              "{\"type\":\"ping\",\"input\":{\"sleep_ms\":%d}}"
                  .formatted(i % 2 == 0 ? 3_000 : 9_000),
              LongFaultsTime::ranOnce);
    }
    assertThat(row.checker().accepted()).isEqualTo(tasks);
    Await.until(
        "half of them run",
        LIMIT,
        () -> site.api().metric("penstock_lane_running{lane=\"ping\"") >= tasks / 2.0);
  }

  private static boolean ranOnce(JsonNode task) {
    return Checker.completed(task)
        && task.path("attempts").asInt() == 1
        && task.path("lost").asInt() == 0;
  }

  private static void awaitNotReady(Site site) throws Exception {
    Await.until("it is not ready", LIMIT, () -> site.api().get("/health/ready").status() == 503);
  }

  @Test
  void runsGoOnWhileTheDiskTakesNoWritesForLongerThanALease() throws Exception {
    try (var row = FaultRow.start(lone, Work.PING)) {
      submitLong(row, lone);
      lone.process().limitFileSize(Long.toString(Files.size(lone.process().database()) / 2));
      awaitNotReady(lone);
      TimeUnit.SECONDS.sleep(AWAY_SECONDS); // is the fault itself
      lone.process().limitFileSize("unlimited");
      row.end("19", "the disk takes no writes for longer than a lease");
    }
  }

  @Test
  void runsGoOnWhileRedisIsAwayForLongerThanALease() throws Exception {
    try (var row = FaultRow.start(brokers, Work.PING)) {
      submitLong(row, brokers);
      brokers.redis().kill();
      awaitNotReady(brokers);
      TimeUnit.SECONDS.sleep(AWAY_SECONDS); // is the fault itself
      brokers.redis().restart();
      row.end("19", "Redis is away for longer than a lease");
    }
  }

  @Test
  void noTaskFailsForABrokerThatIsAwayForLong() throws Exception {
    Api api = brokers.api();
    try (var row = FaultRow.start(brokers, Work.PING)) {
      try (var _ =
          Producers.start(
              8,
              () ->
                  row.checker()
                      .ping(api, ",\"sleep_ms\":" + ThreadLocalRandom.current().nextInt(100)))) {
        row.awaitMore(50);
        brokers.rabbit().kill();
        TimeUnit.SECONDS.sleep(LONG_AWAY_SECONDS); // is the fault itself
        brokers.rabbit().relaunch();
        brokers.rabbit().awaitUp();
        row.awaitMore(50);
      }
      row.end("26", "RabbitMQ is away for %d s".formatted(LONG_AWAY_SECONDS));
    }
  }

  @Test
  void noTaskFailsThoughWhatItsHandlerAsksIsAwayForLong() throws Exception {
    int tasks = 20 * SCALE;
    int port = FreePort.next();
    try (var row = FaultRow.start(lone, Work.PING)) {
      for (int i = 0; i < tasks; i++) {
        row.checker()
            .submit(
                lone.api(),
                "{\"type\":\"asks\",\"input\":{\"port\":%d}}".formatted(port),
                task -> Checker.completed(task) && task.path("result").asBoolean());
      }
      assertThat(row.checker().accepted()).isEqualTo(tasks);
      TimeUnit.SECONDS.sleep(LONG_AWAY_SECONDS); // is the fault itself
      try (var _ = new ServerSocket(port, tasks, InetAddress.getLoopbackAddress())) {
        row.end("26", "what a handler asks is away for %d s".formatted(LONG_AWAY_SECONDS));
      }
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("both")
  void scheduledTasksThatAreCancelledAndRetriedKeepTheirTime(Site site) throws Exception {
    int tasks = 20 * SCALE;
    try (var row = FaultRow.start(site, Work.PING);
        var owner = new Api(site.api().base(), site.api().keyOf("timetable"))) {
      Checker checker = row.checkerOf(owner);
      long at = Instant.now().getEpochSecond() + RUN_AT_SECONDS;
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < tasks; i++) {
        ids.add(
            checker
                .submit(
                    owner,
                    "{\"type\":\"ping\",\"run_at\":%d,\"input\":{}}".formatted(at),
                    task -> keptItsTime(task, at))
                .orElseThrow());
      }
      List<String> byId = ids.subList(0, tasks / 2);
      for (String id : byId) {
        assertThat(owner.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
      }
      sweep(owner, "/v1/tasks/cancel");
      site.kill();
      site.process().restart();
      for (String id : byId) {
        assertThat(owner.post("/v1/tasks/" + id + "/retry", "").status()).isEqualTo(200);
      }
      sweep(owner, "/v1/tasks/retry");
      row.end("27", "scheduled tasks are cancelled, their node killed, and they are retried");
    }
  }

  private static boolean keptItsTime(JsonNode task, long at) {
    return Checker.completed(task)
        && task.path("run_at").asDouble() == at
        && task.path("started_at").asDouble() >= at;
  }

  private static void sweep(Api owner, String path) throws Exception {
    Answer swept;
    do {
      swept = owner.post(path, "{\"all\":true}");
      assertThat(swept.status()).as(swept.raw().body()).isEqualTo(200);
    } while (swept.json().path("has_more").asBoolean());
  }
}
