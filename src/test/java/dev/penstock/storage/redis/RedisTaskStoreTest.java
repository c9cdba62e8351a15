package dev.penstock.storage.redis;

import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.Ending;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.TaskStoreContract;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RedisTaskStoreTest extends TaskStoreContract {
  static final Duration ANSWERS = Duration.ofSeconds(10);

  @TempDir static Path folder;
  private static RedisServer redis;
  private static Vertx vertx;

  @BeforeAll
  static void startRedis() throws Exception {
    redis = RedisServer.start(folder);
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void stopRedis() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    redis.close();
  }

  /** The contract begins each test with an empty store. */
  @BeforeEach
  void empty() throws Exception {
    redis.command("FLUSHALL");
  }

  @Override
  protected TaskStore open(SettableClock clock) {
    return RedisTaskStore.open(vertx, settings(redis, Map.of()), clock, clock::nanos, ANSWERS);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -2})
  void aNodeThatIsStartedAfterTheClockWasSetAgreesWithTheOthers(int hours) {
    Claim.Claimed running = claimed();
    Claim.Claimed backingOff = claimed();
    settle(backingOff, new Ending.Backoff(ERROR, Duration.ofMinutes(1)));
    store().holdChores("a", Duration.ofSeconds(4));
    clock().set(Duration.ofHours(hours));
    store().holdChores("a", Duration.ofSeconds(4));
    try (TaskStore other = open(clock())) {
      assertThat(other.holdChores("b", Duration.ofSeconds(4))).isFalse();
      assertThat(other.reclaimLapsed(MARGIN, MAX_LOST, 10).ready()).isEmpty();
      assertThat(other.promoteDue(10)).isEmpty();
      assertThat(other.find(running.task().id()))
          .map(Task::startedAt)
          .isEqualTo(store().find(running.task().id()).map(Task::startedAt));
      clock().advance(Duration.ofMinutes(1));
      assertThat(ids(other.promoteDue(10))).containsExactly(backingOff.task().id());
      assertThat(ids(other.reclaimLapsed(MARGIN, MAX_LOST, 10).ready()))
          .containsExactly(running.task().id());
    }
  }

  @Test
  void noEndIsShownBeforeItsBeginThoughNodesKnowTheTimeToAMillisecond() {
    Claim.Claimed claimed = claimed();
    clock().set(Duration.ofMillis(-1));
    Settled settled = settle(claimed, new Ending.Completed(json("1")));
    Task task = ((Settled.Now) settled).task();
    assertThat(task.finishedAt()).isEqualTo(task.startedAt());
    assertThat(store().find(task.id()))
        .get()
        .extracting(Task::finishedAt)
        .isEqualTo(task.startedAt());
  }

  @Test
  void aNodeThatSleptTakesTheTimeFromTheOthers() {
    var asleep = new SettableClock();
    try (TaskStore other = open(asleep)) {
      store().holdChores("a", Duration.ofSeconds(4));
      assertThat(other.holdChores("b", Duration.ofSeconds(4))).isFalse();
      clock().advance(Duration.ofHours(1));
      asleep.set(Duration.ofHours(1));
      store().holdChores("a", Duration.ofSeconds(4));
      assertThat(other.holdChores("b", Duration.ofSeconds(4))).isFalse();
      clock().advance(Duration.ofSeconds(4));
      asleep.advance(Duration.ofSeconds(4));
      store().holdChores("a", Duration.ofSeconds(4));
      assertThat(other.holdChores("b", Duration.ofSeconds(4))).isFalse();

      TaskSpec spec = inserted(task());
      assertThat(other.claim(List.of(spec.id()), "b", LEASE, false).getFirst())
          .isInstanceOf(Claim.Claimed.class);
      assertThat(reclaim().ready()).isEmpty();
    }
  }

  static Settings.Redis settings(RedisServer redis, Map<String, String> more) {
    Map<String, String> all = new HashMap<>();
    all.put("redis.host", "127.0.0.1");
    all.put("redis.port", Integer.toString(redis.port()));
    all.putAll(more);
    return SettingsLoader.load(List.of(), all, Map.of(), null).settings().redis();
  }

  @Override
  protected void shutDown() {
    store().close();
  }
}
