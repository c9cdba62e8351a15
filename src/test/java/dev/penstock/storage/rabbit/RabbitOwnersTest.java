package dev.penstock.storage.rabbit;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import dev.penstock.testing.RabbitServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that do not agree who the owners are. */
final class RabbitOwnersTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofSeconds(5);
  private static final Room ROOM = new Room(10, Long.MAX_VALUE, Priority.LOWEST);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RabbitServer server;

  @BeforeAll
  static void startBroker(@TempDir Path data) throws Exception {
    server = RabbitServer.start(data);
  }

  @AfterAll
  static void stopBroker() throws Exception {
    server.close();
  }

  private static TaskQueue open(Supplier<Set<String>> owners) throws Exception {
    TaskQueue queue = TestBroker.open(server, Map.of("rabbitmq.confirm-timeout", "6s"), owners);
    Await.until("it is connected", LIMIT, () -> queue.trouble().isEmpty());
    return queue;
  }

  /** One more than have queues of their own, counting the owner default. */
  private static Set<String> tooMany(String owner) {
    Set<String> owners = new HashSet<>(Set.of(owner));
    IntStream.range(0, Owners.MOST_OWN - 1).forEach(n -> owners.add("owner-" + n));
    return owners;
  }

  private static void awaitTask(TaskQueue queue, TaskSpec spec) throws Exception {
    Await.until(
        "it comes",
        LIMIT,
        () -> {
          List<Delivery> some = queue.receive(LANE, ROOM, Duration.ofMillis(200));
          queue.ack(some);
          return some.stream().anyMatch(delivery -> delivery.id().equals(spec.id()));
        });
  }

  @Test
  void whatGoesIntoAQueueThatAnotherNodeDoesNotKnowOfIsReadThere() throws Exception {
    Set<String> all = tooMany("late");
    try (TaskQueue crowded = open(() -> all);
        TaskQueue behind = open(() -> Set.of("late"))) {
      TaskSpec shared = TestTasks.of("late", task());
      crowded.enqueue(List.of(shared));
      awaitTask(crowded, shared);

      TaskSpec stray = TestTasks.of("late", task());
      behind.enqueue(List.of(stray));
      assertThat(exists(RoutingKeys.own(LANE, "late", false))).as("it has its own queue").isTrue();
      awaitTask(crowded, stray);
      TaskSpec next = TestTasks.of("late", task());
      crowded.enqueue(List.of(next));
      awaitTask(behind, next);
    }
  }

  private static boolean exists(String route) throws Exception {
    return TestBroker.with(
        server, channel -> channel.queueDeclarePassive(RabbitLink.queue(route)).getQueue() != null);
  }

  private static long consumers(String route) throws Exception {
    return TestBroker.with(server, channel -> channel.consumerCount(RabbitLink.queue(route)));
  }

  /** Each of the owner's queues takes a while to make, and it has two of them in every lane. */
  @Test
  void anOwnersFirstMessagesAreReadBeforeItsQueuesOfOtherLanesAreMade() throws Exception {
    List<Lane> others = IntStream.range(0, 20).mapToObj(n -> new Lane("ping", "n" + n)).toList();
    try (TaskQueue queue = open(() -> Set.of())) {
      for (Lane other : others) {
        queue.receive(other, ROOM, Duration.ZERO); // Somebody asks for its work.
      }
      TaskSpec first = TestTasks.of("default", task());
      queue.enqueue(List.of(first));
      awaitTask(queue, first);

      queue.enqueue(List.of(TestTasks.of("new", task())));
      assertThat(consumers(RoutingKeys.own(LANE, "new", false))).as("who read it").isOne();
    }
  }

  @Test
  void nobodyGetsAQueueBeforeItIsKnownHowManyOwnersThereAre() throws Exception {
    var away = new AtomicBoolean(true);
    Set<String> all = tooMany("first");
    try (TaskQueue queue =
        open(() -> {
          if (away.get()) {
            throw Unavailable.refused("away", new IllegalStateException());
          }
          return all;
        })) {
      TaskSpec spec = TestTasks.of("first", task());
      Unavailable refused =
          catchThrowableOfType(Unavailable.class, () -> queue.enqueue(List.of(spec)));
      assertThat(refused.surelyNotDone()).isTrue();
      queue.enqueue(List.of(TestTasks.of(RoutingKeys.DEFAULT, task())));
      assertThat(queue.receive(LANE, ROOM, SHORT)).as("these have one in any case").hasSize(1);

      away.set(false);
      Await.until(
          "it is taken",
          LIMIT,
          () -> {
            try {
              queue.enqueue(List.of(spec));
              return true;
            } catch (Unavailable e) {
              return false;
            }
          });
      awaitTask(queue, spec);
      assertThat(shared("first")).as("it shares").isTrue();
    }
  }

  private static boolean shared(String owner) throws Exception {
    return exists(RoutingKeys.shared(LANE, owner, false));
  }
}
