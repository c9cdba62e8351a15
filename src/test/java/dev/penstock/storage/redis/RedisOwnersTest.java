package dev.penstock.storage.redis;

import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.TaskFilter;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.StoreRig;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import dev.penstock.testing.RedisContent;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists by owner: when there are any, what they save, and nodes that know nothing of them. */
final class RedisOwnersTest implements StoreRig {
  private static final Duration ANSWERS = Duration.ofSeconds(10);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int MANY = 2_000;
  private static final TaskFilter MINE = TaskFilter.of("me");
  private static final Pattern LOOKS = Pattern.compile("cmdstat_hmget:calls=([0-9]+)");

  @TempDir static Path folder;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RedisServer redis;

  @SuppressWarnings("NullAway.Init")
  private static Vertx vertx;

  @SuppressWarnings("NullAway.Init")
  private static RedisContent content;

  private final SettableClock clock = new SettableClock();

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private TaskStore store;

  @SuppressWarnings("NullAway.Init")
  private OlderRedisScripts older;

  @BeforeAll
  static void startRedis() throws Exception {
    redis = RedisServer.start(folder);
    vertx = Vertx.vertx();
    content = new RedisContent(vertx, redis);
  }

  @AfterAll
  static void stopRedis() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    redis.close();
  }

  @BeforeEach
  void open() throws Exception {
    redis.command("FLUSHALL");
    restart();
    older = new OlderRedisScripts(content, clock);
  }

  @AfterEach
  void close() {
    store.close();
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
    store =
        RedisTaskStore.open(vertx, RedisTaskStoreTest.settings(redis, Map.of()), clock, ANSWERS);
  }

  private List<TaskId> listed(TaskFilter filter) {
    return store.list(filter, null, 100).tasks().stream().map(Task::id).toList();
  }

  private TaskSpec mine() {
    return inserted(TestTasks.of("me", task()));
  }

  private void insertOthers(int n) {
    List<TaskSpec> others = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      others.add(TestTasks.of("another", task()));
    }
    store.insert(others);
  }

  /** Asks for a list often enough that there are lists by owner. */
  private void awaitListsByOwner() throws Exception {
    Await.until(
        "each ready task stands in a list by owner",
        SOON,
        () -> {
          listed(MINE);
          return RedisShards.ALL.stream()
              .allMatch(shard -> size(shard, "in") == size(shard, "own"));
        });
  }

  private static long size(String shard, String kind) {
    try {
      return Long.parseLong(
          content.send("ZCARD", shard + ":" + kind + ":READY:" + LANE).toString());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** How many tasks Redis looks at for a list. */
  private long looks(TaskFilter filter) throws Exception {
    redis.command("CONFIG RESETSTAT");
    listed(filter);
    Matcher looks = LOOKS.matcher(content.send("INFO", "commandstats").toString());
    return looks.find() ? Long.parseLong(looks.group(1)) : 0;
  }

  @Test
  void anOwnersListLooksAtNobodyElsesTasks() throws Exception {
    TaskSpec first = mine();
    insertOthers(MANY);
    TaskSpec last = mine();
    assertThat(listed(MINE)).containsExactly(last.id(), first.id());
    awaitListsByOwner();

    assertThat(looks(MINE)).isLessThan(10);
    assertThat(looks(MINE.in(Set.of(TaskState.PENDING)))).isLessThan(10);
    assertThat(listed(MINE)).containsExactly(last.id(), first.id());
    assertThat(store.list(TaskFilter.of("another"), null, 20).more()).isTrue();
    assertThat(looks(TaskFilter.of("another"))).isLessThan(1_000);
    claim(first);
    fail(last);
    assertThat(listed(MINE.in(Set.of(TaskState.PROCESSING)))).containsExactly(first.id());
    assertThat(listed(MINE.in(Set.of(TaskState.FAILED)))).containsExactly(last.id());
    assertThat(listed(MINE)).containsExactly(last.id(), first.id());
  }

  @Test
  void whereTasksAreFewThereAreNoListsByOwner() throws Exception {
    insertOthers(500);
    TaskSpec task = mine();
    assertThat(listed(MINE)).containsExactly(task.id());
    assertThat(content.send("KEYS", "*:own*").size()).isZero();
  }

  @Test
  void nothingIsLeftOfListsByOwnerWhenEveryTaskIsGone() throws Exception {
    insertOthers(MANY);
    mine();
    awaitListsByOwner();
    while (!store.cancelPending(LANE, 1_000).isEmpty()) {}
    clock.advance(KEEP_FAILED);
    assertThat(store.deleteExpired(10_000)).isEqualTo(MANY + 1);

    assertThat(content.send("KEYS", "*:own:*").size()).isZero();
    assertThat(store.bytes()).isZero();
  }

  @Test
  void whatANodeOfAnOlderVersionChangesIsListedRight() throws Exception {
    TaskSpec claimed = mine();
    TaskSpec cancelled = mine();
    insertOthers(MANY);
    TaskSpec waits = mine();
    awaitListsByOwner();
    older.run("claim", RedisShards.of(claimed.id()), "w", 30_000_000, 0, claimed.id(), OTHER_TOKEN);
    older.run("cancel", RedisShards.of(cancelled.id()), 0, cancelled.id());

    assertThat(listed(MINE)).containsExactly(waits.id(), cancelled.id(), claimed.id());
    assertThat(listed(MINE.in(Set.of(TaskState.PENDING)))).containsExactly(waits.id());
    assertThat(listed(MINE.in(Set.of(TaskState.PROCESSING)))).containsExactly(claimed.id());
    assertThat(listed(MINE.in(Set.of(TaskState.CANCELLED)))).containsExactly(cancelled.id());
    // Another one finds them out of step, and makes them anew.
    restart();
    Await.until("they are in step", SOON, () -> looks(MINE.in(Set.of(TaskState.PENDING))) < 10);
    assertThat(listed(MINE)).containsExactly(waits.id(), cancelled.id(), claimed.id());
  }
}
