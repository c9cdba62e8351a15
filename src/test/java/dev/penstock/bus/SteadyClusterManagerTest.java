package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.multimap.MultiMap;
import dev.penstock.config.SettingsLoader;
import dev.penstock.testing.Await;
import dev.penstock.testing.FreePort;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class SteadyClusterManagerTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static Vertx join(List<Integer> ports, int which) throws Exception {
    var settings =
        SettingsLoader.load(
                List.of(),
                Map.of(
                    "cluster.name", "steady-" + ports.getFirst(),
                    "cluster.port", ports.get(which).toString(),
                    "cluster.members", "127.0.0.1:" + ports.get(1 - which)),
                Map.of(),
                null)
            .settings()
            .cluster();
    return Cluster.join(Vertx.builder(), new VertxOptions(), settings)
        .toCompletionStage()
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  private static void close(Vertx vertx) throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  /** As a node does that still tidies up after a split when the halves have merged. */
  private static void forget(HazelcastInstance instance, String address) {
    MultiMap<String, Object> registrations = instance.getMultiMap("__vertx.subs");
    List.copyOf(registrations.get(address)).forEach(one -> registrations.remove(address, one));
    assertThat(registrations.get(address)).isEmpty();
  }

  @Test
  void whatAnotherTookAwayIsSaidAgain() throws Exception {
    List<Integer> ports = List.of(FreePort.next(), FreePort.next());
    var heard = new AtomicInteger();
    Vertx listens = join(ports, 0);
    Vertx tells = join(ports, 1);
    try {
      listens.eventBus().<String>consumer("news", _ -> heard.incrementAndGet());
      Await.until(
          "it is heard",
          LIMIT,
          () -> {
            tells.eventBus().publish("news", "first");
            return heard.get() > 0;
          });
      HazelcastInstance instance =
          Hazelcast.getAllHazelcastInstances().stream()
              .filter(
                  one -> one.getCluster().getLocalMember().getAddress().getPort() == ports.get(1))
              .findFirst()
              .orElseThrow();
      forget(instance, "news");
      Await.until(
          "what was said before is over",
          LIMIT,
          () -> {
            int before = heard.get();
            Thread.sleep(200);
            return heard.get() == before;
          });
      int before = heard.get();
      Await.until(
          "it is heard again",
          LIMIT,
          () -> {
            tells.eventBus().publish("news", "again");
            return heard.get() > before;
          });
    } finally {
      close(tells);
      close(listens);
    }
  }
}
