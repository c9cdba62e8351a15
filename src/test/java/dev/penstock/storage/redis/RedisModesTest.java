package dev.penstock.storage.redis;

import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.base.Unavailable;
import dev.penstock.config.SettingsLoader;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import dev.penstock.testing.Certificates;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.RedisCluster;
import dev.penstock.testing.RedisSentinel;
import dev.penstock.testing.RedisServer;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ways to a Redis other than a plain one: Sentinel, Cluster, TLS, a user with few rights. */
final class RedisModesTest {
  private static final Duration ANSWERS = Duration.ofSeconds(3);
  private static final Duration SOON = Duration.ofSeconds(40);
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Made before each test.
  private Vertx vertx;

  @BeforeEach
  void start() {
    vertx = Vertx.vertx();
  }

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private TaskStore open(Map<String, String> keys) {
    return RedisTaskStore.open(
        vertx,
        SettingsLoader.load(List.of(), keys, Map.of(), null).settings().redis(),
        null,
        ANSWERS);
  }

  @Test
  void whenTheMasterDiesItsReplicaIsUsedAndKnowsWhatWasReplicated() throws Exception {
    try (var redis = RedisSentinel.start(folder);
        TaskStore store =
            open(
                Map.of(
                    "redis.sentinels",
                    redis.sentinels(),
                    "redis.master-name",
                    RedisSentinel.MASTER_NAME))) {
      List<TaskSpec> specs = tasks(200);
      store.insert(specs);
      Await.until(
          "the replica has all of it",
          SOON,
          () -> redis.master().command("WAIT 1 1000").equals(":1"));
      redis.master().kill();
      Await.until("the loss is noticed", SOON, () -> store.trouble().isPresent());
      Await.until("the replica is used", SOON, () -> store.trouble().isEmpty());

      assertThat(redis.replica().command("ROLE")).isNotEmpty();
      assertThat(store.findAll(ids(specs))).hasSize(200);
      assertThat(store.insert(List.of(task())))
          .hasSize(1)
          .hasOnlyElementsOfType(Inserted.Kept.class);
    }
  }

  @Test
  void aClusterGoesOnWhenANodeHasRestarted() throws Exception {
    try (var cluster = RedisCluster.start(folder);
        TaskStore store = open(Map.of("redis.cluster-nodes", cluster.nodes()))) {
      List<TaskSpec> specs = tasks(200);
      store.insert(specs);
      RedisServer node = cluster.servers().getFirst();
      node.kill();
      Await.until("the loss is noticed", SOON, () -> store.trouble().isPresent());
      node.restart();
      Await.until(
          "all of it is used again", SOON, () -> store.trouble().isEmpty() && writes(store));

      assertThat(store.findAll(ids(specs))).hasSize(200);
      assertThat(cluster.servers())
          .allMatch(server -> {
            try {
              return !server.command("DBSIZE").equals(":0");
            } catch (IOException e) {
              return false;
            }
          });
    }
  }

  private static boolean writes(TaskStore store) {
    try {
      store.insert(tasks(50));
      return true;
    } catch (Unavailable e) {
      return false;
    }
  }

  @Test
  void tlsIsSpokenWithWhomTheAuthorityVouchesForAndNobodyElse() throws Exception {
    Certificates certificates = Certificates.make(folder);
    String port = Integer.toString(FreePort.next());
    try (var _ =
        RedisServer.start(
            folder,
            "--tls-port",
            port,
            "--tls-cert-file",
            certificates.certificate().toString(),
            "--tls-key-file",
            certificates.key().toString(),
            "--tls-ca-cert-file",
            certificates.authority().toString(),
            "--tls-auth-clients",
            "no")) {
      var trusting =
          Map.of(
              "redis.host",
              "127.0.0.1",
              "redis.port",
              port,
              "redis.tls",
              "true",
              "redis.ca-file",
              certificates.authority().toString());
      try (TaskStore store = open(trusting)) {
        Await.until("it is connected", SOON, () -> store.trouble().isEmpty());
        assertThat(store.insert(List.of(task())))
            .hasSize(1)
            .hasOnlyElementsOfType(Inserted.Kept.class);
      }
      try (TaskStore store = open(Map.of("redis.uri", "rediss://127.0.0.1:" + port))) {
        assertThat(store.trouble()).as("nobody vouches for it").isPresent();
      }
    }
  }

  @Test
  void aUserOfItsOwnIsLoggedIn() throws Exception {
    try (var redis = RedisServer.start(folder)) {
      redis.command("ACL SETUSER worker on >open-sesame ~penstock:* +@all -@admin -@dangerous");
      redis.command("CONFIG SET requirepass another");
      var keys =
          Map.of(
              "redis.host", "127.0.0.1",
              "redis.port", Integer.toString(redis.port()),
              "redis.username", "worker",
              "redis.password", "open-sesame");
      try (TaskStore store = open(keys)) {
        Await.until("it is connected", SOON, () -> store.trouble().isEmpty());
        assertThat(store.insert(List.of(task())))
            .hasSize(1)
            .hasOnlyElementsOfType(Inserted.Kept.class);
      }
    }
  }
}
