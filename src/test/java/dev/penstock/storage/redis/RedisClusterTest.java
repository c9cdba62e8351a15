package dev.penstock.storage.redis;

import dev.penstock.config.SettingsLoader;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStoreContract;
import dev.penstock.testing.RedisCluster;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The whole contract on a Redis Cluster of three nodes. */
final class RedisClusterTest extends TaskStoreContract {
  private static final Duration ANSWERS = Duration.ofSeconds(10);

  @TempDir static Path folder;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RedisCluster cluster;

  @SuppressWarnings("NullAway.Init")
  private static Vertx vertx;

  @BeforeAll
  static void startRedis() throws Exception {
    cluster = RedisCluster.start(folder);
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void stopRedis() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    cluster.close();
  }

  @BeforeEach
  void empty() throws Exception {
    cluster.empty();
  }

  @Override
  protected TaskStore open(SettableClock clock) {
    var keys = Map.of("redis.cluster-nodes", cluster.nodes());
    return RedisTaskStore.open(
        vertx,
        SettingsLoader.load(List.of(), keys, Map.of(), null).settings().redis(),
        clock,
        clock::nanos,
        ANSWERS);
  }

  @Override
  protected void shutDown() {
    store().close();
  }
}
