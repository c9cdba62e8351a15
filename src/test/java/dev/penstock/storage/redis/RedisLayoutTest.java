package dev.penstock.storage.redis;

import static dev.penstock.storage.IdentityContract.NAMED;
import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.base.Unavailable;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Ending;
import dev.penstock.storage.Micros;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.StoreRig;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.Identity;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies where in Redis: identities apart from their tasks, and nothing that is left behind. */
final class RedisLayoutTest implements StoreRig {
  private static final Duration ANSWERS = Duration.ofSeconds(10);

  @TempDir Path folder;

  private final SettableClock clock = new SettableClock();

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
    store = open();
  }

  @AfterEach
  void stop() throws Exception {
    store.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    redis.close();
  }

  private TaskStore open() {
    return RedisTaskStore.open(vertx, RedisTaskStoreTest.settings(redis, Map.of()), clock, ANSWERS);
  }

  @Override
  public SettableClock clock() {
    return clock;
  }

  @Override
  public TaskStore store() {
    return store;
  }

  @Override
  public void restart() {
    store.close();
    store = open();
  }

  private Inserted insert(TaskSpec spec) {
    return store.insert(List.of(spec)).getFirst();
  }

  @Test
  void ofManyNodesThatSubmitTheSameAtOnceOneMakesTheTask() throws Exception {
    try (TaskStore another = open()) {
      for (int round = 0; round < 20; round++) {
        var name = new Identity.Named("order-" + round, "digest");
        Queue<Inserted> answers = new ConcurrentLinkedQueue<>();
        atOnce(
            8,
            worker ->
                answers.addAll(
                    (worker % 2 == 0 ? store : another).insert(List.of(as(name, task())))));

        assertThat(answers).filteredOn(Inserted.Kept.class::isInstance).hasSize(1);
        assertThat(answers)
            .filteredOn(Inserted.Earlier.class::isInstance)
            .extracting(answer -> ((Inserted.Earlier) answer).task().id())
            .hasSize(7)
            .containsOnly(
                ((Inserted.Earlier)
                        answers.stream()
                            .filter(Inserted.Earlier.class::isInstance)
                            .findFirst()
                            .orElseThrow())
                    .task()
                    .id());
        assertThat(lane(LANE).ready()).isEqualTo(round + 1);
      }
    }
  }

  @Test
  void anIdentityWhoseTaskNeverCameIsFreeAfterAWhile() throws Exception {
    TaskSpec lost = as(NAMED, task());
    insert(lost);
    redis.command("DEL " + RedisShards.record(lost.id()));

    Unavailable early = catchThrowableOfType(Unavailable.class, () -> insert(as(NAMED, task())));
    assertThat(early.surelyNotDone()).isTrue();
    clock.advance(Duration.ofSeconds(6));
    TaskSpec next = as(NAMED, task());
    assertThat(insert(next)).isInstanceOf(Inserted.Kept.class);
    assertThat(insert(as(NAMED, task()))).isInstanceOf(Inserted.Earlier.class);
    assertThat(get(next).spec().identity()).isNull();
  }

  @Test
  void aTaskIsNotKeptAfterItsReservation() {
    long now = Micros.of(clock.instant());
    try (RedisLink link =
        RedisLink.open(vertx, RedisTaskStoreTest.settings(redis, Map.of()), ANSWERS)) {
      var calls = new RedisCalls(link, clock);
      TaskId id = TaskId.random();
      String shard = RedisShards.of(id);
      List<Object> late = List.of(id, LANE.name(), 1, "", now - 1, "{}", bytes("{}"), 0);

      assertThat(calls.run(RedisScript.INSERT, shard, late).get(0)).hasToString("LATE");
      assertThat(store.find(id)).isEmpty();
      assertThat(store.figures().lanes()).isEmpty();
    }
  }

  @Test
  void nothingIsLeftWhenEveryTaskIsGone() throws Exception {
    store.insert(tasks(100));
    fail(inserted(as(NAMED, task())));
    settle(claimed(), new Ending.Backoff(ERROR, Duration.ZERO));
    settle(claimed(), new Ending.Backoff(ERROR, Duration.ofSeconds(1)));
    lose(claimed());
    settle(claimed(), new Ending.Completed(json("[1,2,3]")));
    inserted(taskAt(clock.instant().plusSeconds(1)));
    TaskSpec forgotten = inserted(as(new Identity.Alike("work"), task()));
    store.withdraw(forgotten.id());
    assertThat(store.bytes()).isGreaterThan(100_000);
    store.cancelPending(LANE, 1_000);
    clock.advance(KEEP_FAILED);
    assertThat(store.deleteExpired(1_000)).isEqualTo(106);

    for (String shard : RedisShards.ALL) {
      redis.command("DEL " + shard + ":began");
    }
    assertThat(redis.command("DBSIZE")).isEqualTo(":0");
    assertThat(store.bytes()).isZero();
  }

  @Test
  void whatWasDeletedIsRememberedUntilNoMessageCanBringItBack() throws Exception {
    TaskSpec failed = inserted(task());
    fail(failed);
    assertThat(store.delete(List.of(failed.id()))).containsExactly(new DeleteResult.Now());
    assertThat(store.bytes()).as("the entry counts").isEqualTo(100);
    assertThat(claimOnce(failed)).isEqualTo(new TaskStore.Claim.Settled());
    assertThat(insert(failed)).isInstanceOf(Inserted.Kept.class);
    assertThat(store.find(failed.id())).isEmpty();

    Instant forgotten = failed.id().time().plus(KEEP_COMPLETED);
    clock.advance(Duration.between(clock.instant(), forgotten.minusMillis(1)));
    store.deleteExpired(1);
    assertThat(claimOnce(failed)).isEqualTo(new TaskStore.Claim.Settled());
    clock.advance(Duration.ofMillis(1));
    store.deleteExpired(1);
    assertThat(claimOnce(failed)).isInstanceOf(TaskStore.Claim.Unknown.class);
    assertThat(store.bytes()).isZero();
  }

  @Test
  void whatIsOlderThanAllThatIsKeptIsRememberedForAllItsRetention() {
    clock.advance(Duration.between(clock.instant(), Instant.now().plusSeconds(60)));
    TaskSpec older = inserted(task());
    fail(older);
    store.delete(List.of(older.id()));
    clock.advance(KEEP_FAILED.minusMillis(1));
    store.deleteExpired(1);
    assertThat(claimOnce(older)).isEqualTo(new TaskStore.Claim.Settled());
    clock.advance(Duration.ofMillis(1));
    store.deleteExpired(1);
    assertThat(store.bytes()).isZero();
  }

  @Test
  void aChildThatIsAskedForOnceMoreIsNewWork() {
    TaskSpec parent = inserted(task());
    TaskSpec child =
        new TaskSpec(
            TaskId.child(parent.id(), "a"),
            parent.work(),
            parent.limits(),
            parent.retention(),
            new TaskSpec.Origin("owner", Map.of(), null, null, parent.id(), clock.instant()));
    insert(child);
    cancel(child);
    store.delete(List.of(child.id()));
    assertThat(claimOnce(child)).isEqualTo(new TaskStore.Claim.Settled());
    insert(child);
    assertThat(claimOnce(child)).isInstanceOf(TaskStore.Claim.Claimed.class);
  }

  @Test
  void shardsAreForEver() {
    assertThat(RedisShards.of("00000000000000000000000000000000000a")).isEqualTo("penstock:{s00}");
    assertThat(RedisShards.ALL).hasSize(16).startsWith("penstock:{s00}");
  }
}
