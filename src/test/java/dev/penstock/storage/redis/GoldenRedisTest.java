package dev.penstock.storage.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.GoldenFamily;
import dev.penstock.storage.GoldenScenario;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.SettableClock;
import dev.penstock.task.TaskId;
import dev.penstock.testing.Golden;
import dev.penstock.testing.RedisContent;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What lies in Redis is what version 0.1.0 put there, and what it put there is understood; likewise
 * what later ones put beside it.
 */
final class GoldenRedisTest {
  private static final String FILE = "redis-0.1.0.txt";

  /** Checkpoints and children, which that version does not know. */
  private static final String FAMILY = "redis-families.txt";

  private static final Duration ANSWERS = Duration.ofSeconds(10);

  private static RedisServer redis;
  private static Vertx vertx;
  private static RedisContent content;

  private final SettableClock clock = new SettableClock();

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private RedisTaskStore store;

  @SuppressWarnings("NullAway.Init")
  private KeyStore keys;

  @BeforeAll
  static void startRedis(@TempDir Path folder) throws Exception {
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
    store =
        RedisTaskStore.open(vertx, RedisTaskStoreTest.settings(redis, Map.of()), clock, ANSWERS);
    keys = store.keys(KeyStore.MOST);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void everyKeyIsAsItWas() throws Exception {
    GoldenScenario.play(store, keys, clock);
    GoldenScenario.check(FILE, content.dump());
    GoldenScenario.checkRead(store, keys);
  }

  @Test
  void whatThatVersionLeftIsReadAndGoesOn() throws Exception {
    content.restore(Golden.text(FILE));
    clock.advance(Duration.ofSeconds(42));
    GoldenScenario.checkRead(store, keys);
    String running = token(GoldenScenario.RUNS, "token");
    String done = token(GoldenScenario.DONE, "settled");
    GoldenScenario.goOn(store, clock, running, done);
  }

  @Test
  void everyCheckpointAndEveryChildIsAsItWas() throws Exception {
    GoldenFamily.play(store);
    GoldenFamily.checkRead(store);
    GoldenScenario.check(FAMILY, content.dump());
  }

  @Test
  void checkpointsAndChildrenThatWereLeftAreReadAndGoOn() throws Exception {
    content.restore(Golden.text(FAMILY));
    GoldenFamily.checkRead(store);
    GoldenFamily.goOn(store, clock);
    for (String kind : List.of("children", "specs", "parents", "awaiting", "waits", "abandoned")) {
      assertThat(content.send("KEYS", "*:" + kind + "*").size()).as(kind).isZero();
    }
  }

  private static String token(TaskId id, String field) throws Exception {
    return content.send("HGET", RedisShards.record(id), field).toString();
  }
}
