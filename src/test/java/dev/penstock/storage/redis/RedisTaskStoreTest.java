package dev.penstock.storage.redis;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStoreContract;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
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
  protected TaskStore open(InstantSource clock) {
    return RedisTaskStore.open(vertx, settings(redis, Map.of()), clock, ANSWERS);
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
