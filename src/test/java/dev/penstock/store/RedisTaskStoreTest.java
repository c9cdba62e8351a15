package dev.penstock.store;

import dev.penstock.config.SettingsLoader;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

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
  TaskStore open(InstantSource clock) {
    var settings =
        SettingsLoader.load(
                Map.of("redis.host", "127.0.0.1", "redis.port", Integer.toString(redis.port())),
                Map.of(),
                null)
            .redis();
    return RedisTaskStore.open(vertx, settings, clock, ANSWERS);
  }

  @Override
  void shutDown() {
    store().close();
  }
}
