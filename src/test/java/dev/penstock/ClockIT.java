package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.BrokerSettings;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FakeTime;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.RabbitServer;
import dev.penstock.testing.RedisServer;
import dev.penstock.testing.Urgent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wall clocks that are set while tasks run: row 20 of the table of faults. */
final class ClockIT {
  private static final Duration DRAINED = Duration.ofMinutes(1);

  /** No run here takes longer, nor waits for longer. */
  private static final int LONGEST_MS = 60_000;

  private static final int TWO_HOURS_MS = 7_200_000;

  @TempDir Path folder;

  private final Checker checker = new Checker();

  /** Whether a process was killed, which loses leases. */
  private boolean killed;

  /**
   * Whether the clock was set on while nobody was there to notice: then nobody can tell that from
   * time in which the program did not run, and who waited then has waited for so long.
   */
  private boolean away;

  /** Work of every kind that has to do with time, much of it longer than a lease. */
  private void submit(Api api) throws Exception {
    for (int i = 0; i < 10; i++) {
      ping(api, "{\"sleep_ms\":4000}", "");
      ping(api, "{\"fail_times\":1}", "");
      ping(api, "{}", ",\"delay_seconds\":2");
    }
    ping(api, "{\"children\":4,\"window\":2,\"sleep_ms\":1000}", "");
    for (int i = 0; i < 10; i++) {
      ping(api, "{}", "");
    }
  }

  private void ping(Api api, String input, String more) throws Exception {
    assertThat(
            checker.submit(
                api,
                "{\"type\":\"ping\",\"ttl_seconds\":%d,\"input\":%s%s}".formatted(ttl, input, more),
                this::right))
        .isPresent();
  }

  /** How long results are kept: less than the clock is set by. */
  private int ttl = 3_600;

  /** The same for tasks that are kept for longer than any clock is set by. */
  private static ClockIT afterKill() {
    var later = new ClockIT();
    later.ttl = 86_400;
    later.killed = true;
    later.away = true;
    return later;
  }

  private boolean right(JsonNode task) {
    double created = task.path("created_at").asDouble();
    double started = task.path("started_at").asDouble();
    double finished = task.path("finished_at").asDouble();
    return Checker.completed(task)
        && (killed || task.path("lost").asInt() == 0)
        && created <= started
        && started <= finished
        && between(task.path("queue_ms").asLong(-1), LONGEST_MS + (away ? TWO_HOURS_MS : 0))
        && between(task.path("run_ms").asLong(-1), LONGEST_MS);
  }

  private static boolean between(long millis, long most) {
    return millis >= 0 && millis < most;
  }

  private static String by(int hours) {
    return "%d h %s".formatted(Math.abs(hours), hours > 0 ? "forward" : "back");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -2})
  void aNodeWhoseClockIsSetLosesNothingAndShowsNoNegativeTime(int hours) throws Exception {
    var clock = new FakeTime(folder.resolve("clock"));
    Map<String, String> environment = new HashMap<>(PenstockProcess.SHORT_LEASES);
    environment.putAll(clock.environment());
    try (var penstock = PenstockProcess.start(folder, environment);
        var api = penstock.api();
        var urgent = Urgent.start(() -> api, Urgent.Work.PING)) {
      submit(api);
      clock.set(Duration.ofHours(hours));
      submit(api);
      checker.settle(api, DRAINED).assertKept();

      killed = true;
      away = true;
      submit(api);
      penstock.kill();
      clock.set(Duration.ZERO);
      penstock.restart();
      submit(api);
      checker.settle(api, DRAINED).assertKept();

      // What expired while nobody was there stays ten minutes, but not over a second start.
      ClockIT later = afterKill();
      later.submit(api);
      penstock.kill();
      clock.set(Duration.ofHours(hours));
      penstock.restart();
      Checker.Report report = later.checker.settle(api, DRAINED);
      FaultTable.add("20", "the clock is set " + by(hours), report, 0, urgent.end(), "");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -2})
  void aRedisWhoseClockIsSetLosesNothingAndShowsNoNegativeTime(int hours) throws Exception {
    var redisClock = new FakeTime(folder.resolve("redis-clock"));
    var nodeClock = new FakeTime(folder.resolve("node-clock"));
    Path redisFolder = Files.createDirectory(folder.resolve("redis"));
    try (var rabbit = RabbitServer.start(Files.createDirectory(folder.resolve("mq")));
        var redis = RedisServer.startWith(redisFolder, redisClock.environment())) {
      Map<String, String> environment = new HashMap<>(PenstockProcess.SHORT_LEASES);
      environment.putAll(BrokerSettings.of(rabbit, redis));
      environment.putAll(nodeClock.environment());
      try (var penstock = PenstockProcess.start(folder, environment);
          var api = penstock.api();
          var urgent = Urgent.start(() -> api, Urgent.Work.PING)) {
        submit(api);
        redisClock.set(Duration.ofHours(hours));
        submit(api);
        checker.settle(api, DRAINED).assertKept();

        nodeClock.set(Duration.ofHours(-hours));
        submit(api);
        Checker.Report report = checker.settle(api, DRAINED);
        FaultTable.add("20", "Redis's clock is set " + by(hours), report, 0, urgent.end(), "");

        // Redis alone does not tell how long nobody was there: these are kept for longer than that.
        ClockIT later = afterKill();
        later.submit(api);
        penstock.kill();
        redisClock.set(Duration.ZERO);
        penstock.restart();
        later.submit(api);
        later.checker.settle(api, DRAINED).assertKept();
      }
    }
  }
}
