package dev.penstock.storage.redis;

import dev.penstock.storage.SettableClock;
import dev.penstock.storage.StoreRig;
import dev.penstock.storage.TaskStore;
import dev.penstock.testing.RedisContent;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Redis of its own for the tests of a class, which each find it empty, and a node of an older
 * version beside the store.
 */
abstract class RedisRig implements StoreRig {
  private static final Duration ANSWERS = Duration.ofSeconds(10);
  static final Duration SOON = Duration.ofSeconds(30);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  static RedisServer redis;

  @SuppressWarnings("NullAway.Init")
  static Vertx vertx;

  @SuppressWarnings("NullAway.Init")
  static RedisContent content;

  final SettableClock clock = new SettableClock();

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  TaskStore store;

  @SuppressWarnings("NullAway.Init")
  OlderRedisScripts older;

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
    redis.command("CONFIG SET maxmemory 0");
    redis.command("FLUSHALL");
    restart();
    older = new OlderRedisScripts(content, clock);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  public final SettableClock clock() {
    return clock;
  }

  @Override
  public final TaskStore store() {
    return store;
  }

  @Override
  public final void restart() {
    store =
        RedisTaskStore.open(vertx, RedisTaskStoreTest.settings(redis, Map.of()), clock, ANSWERS);
  }
}
