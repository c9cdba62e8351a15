package dev.penstock.storage.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.KeyStoreContract;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RedisKeyStoreTest extends KeyStoreContract {
  @TempDir static Path folder;
  private static RedisServer redis;
  private static Vertx vertx;

  @SuppressWarnings("NullAway.Init") // The contract opens it before each test.
  private RedisTaskStore tasks;

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
  protected KeyStore open() {
    tasks =
        RedisTaskStore.open(
            vertx, RedisTaskStoreTest.settings(redis, Map.of()), null, RedisTaskStoreTest.ANSWERS);
    return tasks.keys(MOST);
  }

  @Override
  protected void shutDown() {
    tasks.close();
  }

  @Test
  void itGoesOverTheConnectionOfTheTasks() {
    KeyStore keys = tasks.keys(KeyStore.MOST);
    assertThat(keys.list()).isEmpty();
    tasks.close();
    assertThatThrownBy(keys::list).isInstanceOf(Unavailable.class);
  }
}
