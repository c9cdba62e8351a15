package dev.penstock.storage.redis;

import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.tasks;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.base.Unavailable;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import dev.penstock.testing.RedisServer;
import dev.penstock.testing.TcpProxy;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store does when Redis dies, freezes, forgets or is full. Time is Redis's own here. */
final class RedisTaskStoreFaultsTest {
  private static final Duration ANSWERS = Duration.ofSeconds(2);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration LEASE = Duration.ofSeconds(30);
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Started before each test.
  private RedisServer redis;

  @SuppressWarnings("NullAway.Init")
  private Vertx vertx;

  @SuppressWarnings("NullAway.Init")
  private TaskStore store;

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start(folder);
    vertx = Vertx.vertx();
    store = open(Map.of());
  }

  @AfterEach
  void stop() throws Exception {
    store.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    redis.close();
  }

  private TaskStore open(Map<String, String> settings) {
    return RedisTaskStore.open(vertx, RedisTaskStoreTest.settings(redis, settings), null, ANSWERS);
  }

  private void awaitHealth() throws Exception {
    Await.until("the store has no trouble", SOON, () -> store.trouble().isEmpty());
  }

  private Unavailable unavailable(Runnable call) {
    return catchThrowableOfType(Unavailable.class, call::run);
  }

  private Claim.Claimed claimed() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    return (Claim.Claimed) store.claim(List.of(spec.id()), "w", LEASE, false).getFirst();
  }

  private Settled complete(Claim.Claimed claimed) {
    return store
        .settle(
            List.of(
                new Settle(
                    claimed.task().id(), claimed.lease().token(), new Ending.Completed(json("1")))))
        .getFirst();
  }

  @Test
  void timeIsWhatRedisSays() {
    Instant before = Instant.now();
    Claim.Claimed claimed = claimed();

    assertThat(claimed.task().createdAt())
        .isBetween(before.minusSeconds(1), Instant.now().plusSeconds(1));
    assertThat(claimed.lease().deadline())
        .isEqualTo(requireNonNull(claimed.task().startedAt()).plus(LEASE));
    assertThat(store.reclaimLapsed(Duration.ofSeconds(10), 1, 10).ready()).isEmpty();
    assertThat(store.reclaimLapsed(Duration.ofMinutes(-1), 1, 10).ready()).hasSize(1);
  }

  @Test
  void aStoreWithoutRedisOpensSaysSoAndIsThereWhenRedisIs() throws Exception {
    store.close();
    redis.kill();
    store = open(Map.of());
    assertThat(store.trouble().orElseThrow())
        .contains("Redis at 127.0.0.1:" + redis.port(), "cannot be used");
    assertThat(unavailable(() -> store.insert(List.of(task()))).surelyNotDone()).isTrue();
    redis.restart();
    awaitHealth();

    assertThat(store.insert(List.of(task()))).hasSize(1).hasOnlyElementsOfType(Inserted.Kept.class);
  }

  @Test
  void aRedisThatWasKilledIsUsedAgainWithAllItKept() throws Exception {
    Claim.Claimed claimed = claimed();
    redis.kill();
    Await.until("the loss is noticed", SOON, () -> store.trouble().isPresent());
    assertThat(unavailable(() -> complete(claimed)).surelyNotDone()).isTrue();
    redis.restart();
    awaitHealth();

    assertThat(complete(claimed)).isInstanceOf(Settled.Now.class);
    assertThat(store.find(claimed.task().id())).isPresent();
  }

  @Test
  void aConnectionThatIsClosedUnderACommandLeavesItUnknown() throws Exception {
    store.close();
    try (var proxy = new TcpProxy(redis.port())) {
      store = open(Map.of("redis.port", Integer.toString(proxy.uri().getPort())));
      awaitHealth();
      redis.freeze();
      var failure = new CompletableFuture<Unavailable>();
      Thread.ofVirtual()
          .start(() -> failure.complete(unavailable(() -> store.insert(List.of(task())))));
      TimeUnit.MILLISECONDS.sleep(200); // sent by now; the answer is awaited for longer
      proxy.end();
      assertThat(failure.get(20, TimeUnit.SECONDS).surelyNotDone()).isFalse();
      assertThat(failure.get()).hasMessageContaining("CONNECTION_CLOSED");
    } finally {
      redis.thaw();
    }
  }

  @Test
  void anEmptiedRedisKnowsNoTasksAndTakesNewOnes() throws Exception {
    Claim.Claimed claimed = claimed();
    TaskId id = claimed.task().id();
    redis.command("FLUSHALL");

    assertThat(store.find(id)).isEmpty();
    assertThat(complete(claimed)).isEqualTo(new Settled.Stale());
    var unknown = (Claim.Unknown) store.claim(List.of(id), "w", LEASE, false).getFirst();
    assertThat(unknown.began()).as("nothing older is known").isAfter(id.time());
    assertThat(store.extend(List.of(new HeldLease(id, claimed.lease().token(), null)), LEASE))
        .containsExactly(id);
    assertThat(store.figures().lanes()).isEmpty();
    assertThat(store.bytes()).isZero();
    assertThat(store.insert(List.of(claimed.task().spec())))
        .hasSize(1)
        .hasOnlyElementsOfType(Inserted.Kept.class);
  }

  @Test
  void scriptsThatRedisForgotAreSentAgain() throws Exception {
    List<TaskSpec> specs = tasks(100);
    redis.command("SCRIPT FLUSH");
    store.insert(specs);
    redis.command("SCRIPT FLUSH");

    assertThat(store.claim(ids(specs), "w", LEASE, false))
        .hasSize(100)
        .allMatch(Claim.Claimed.class::isInstance);
  }

  @Test
  void aFullRedisTakesNoNewTasksButWhatRunsGoesOnAndEnds() throws Exception {
    Claim.Claimed claimed = claimed();
    TaskSpec waiting = task();
    store.insert(List.of(waiting));
    redis.command("CONFIG SET maxmemory 1mb");
    assertThat(unavailable(() -> store.insert(List.of(task()))).surelyNotDone()).isTrue();
    Await.until("it says that it is full", SOON, () -> store.trouble().isPresent());
    assertThat(store.trouble().orElseThrow()).contains("is nearly full");
    TaskSpec refused = task();
    assertThat(unavailable(() -> store.insert(List.of(refused)))).hasMessageContaining("full");
    assertThat(store.find(refused.id())).isEmpty();

    var progress = new Progress(1, 2, "half");
    assertThat(
            store.extend(
                List.of(new HeldLease(claimed.task().id(), claimed.lease().token(), progress)),
                LEASE))
        .isEmpty();
    assertThat(complete(claimed)).isInstanceOf(Settled.Now.class);
    assertThat(store.claim(List.of(waiting.id()), "w", LEASE, false).getFirst())
        .isInstanceOf(Claim.Claimed.class);
    assertThat(store.deleteOldest(TaskState.COMPLETED, Duration.ZERO, 10)).isEqualTo(1);
    redis.command("CONFIG SET maxmemory 0");
    awaitHealth();
    assertThat(store.insert(List.of(refused)))
        .hasSize(1)
        .hasOnlyElementsOfType(Inserted.Kept.class);
  }

  @Test
  void aRedisFullOfEndedTasksHasRoomAsSoonAsTheyHaveLeft() throws Exception {
    List<TaskSpec> specs = tasks(3_000);
    store.insert(specs);
    List<TaskSpec> failing = specs.subList(0, 100);
    for (TaskStore.Claim claim : store.claim(ids(failing), "w", LEASE, false)) {
      var claimed = (Claim.Claimed) claim;
      store.settle(
          List.of(
              new Settle(
                  claimed.task().id(),
                  claimed.lease().token(),
                  new Ending.Failed(new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw")))));
    }
    store.cancel(ids(specs));
    assertThat(store.use(1L << 40).share()).as("without a limit").isLessThan(0.01);
    redis.command("CONFIG SET maxmemory " + redis.usedMemory() * 100 / 86);
    assertThat(store.use(1L << 40).share()).isGreaterThan(1);
    assertThat(store.fullness().orElseThrow()).contains("is nearly full");
    assertThat(unavailable(() -> store.insert(List.of(task()))).surelyNotDone()).isTrue();

    assertThat(store.deleteOldest(TaskState.CANCELLED, Duration.ofMinutes(1), 10)).isZero();
    assertThat(store.deleteOldest(TaskState.CANCELLED, Duration.ZERO, 5_000)).isEqualTo(2_900);
    assertThat(store.deleteOldest(TaskState.FAILED, Duration.ZERO, 5_000)).isEqualTo(100);
    assertThat(store.use(1L << 40).share()).isLessThan(1);
    assertThat(store.fullness()).isEmpty();
    assertThat(store.insert(List.of(task()))).hasExactlyElementsOfTypes(Inserted.Kept.class);
  }

  @Test
  void aFrozenRedisFailsCallsInTimeAndARepeatMeetsWhatTheyDid() throws Exception {
    TaskSpec spec = task();
    redis.freeze();
    Unavailable frozen = unavailable(() -> store.insert(List.of(spec)));
    assertThat(frozen.surelyNotDone()).isFalse();
    assertThat(frozen).hasMessageContaining("no answer within");
    Await.until("the silence is noticed", SOON, () -> store.trouble().isPresent());
    redis.thaw();
    awaitHealth();

    assertThat(store.insert(List.of(spec))).hasSize(1).hasOnlyElementsOfType(Inserted.Kept.class);
    assertThat(store.figures().lanes().getFirst().ready()).isEqualTo(1);
  }

  @Test
  void aPasswordIsReadFromItsFileAndAWrongOneIsSaid() throws Exception {
    redis.command("CONFIG SET requirepass open-sesame");
    Path file = Files.writeString(folder.resolve("password"), "open-sesame\n");
    store.close();
    store = open(Map.of("redis.password", "wrong"));
    assertThat(store.trouble().orElseThrow()).contains("WRONGPASS").doesNotContain("wrong ");
    store.close();
    store = open(Map.of("redis.password-file", file.toString()));

    assertThat(store.insert(List.of(task()))).hasSize(1).hasOnlyElementsOfType(Inserted.Kept.class);
  }

  @Test
  void anEventLoopIsNotMadeToWait() throws Exception {
    var failure = new CompletableFuture<Throwable>();
    vertx.runOnContext(_ -> {
      try {
        store.figures();
      } catch (IllegalStateException e) {
        failure.complete(e);
      }
    });

    assertThat(failure.get(10, TimeUnit.SECONDS)).hasMessageContaining("event loop");
  }
}
