package dev.penstock.storage.rabbit;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import dev.penstock.testing.Producers;
import dev.penstock.testing.RabbitServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes with full hands beside nodes with free ones. */
final class RabbitScaleOutTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration MOMENT = Duration.ofMillis(200);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RabbitServer server;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private Node first;

  @BeforeAll
  static void startBroker(@TempDir Path data) throws Exception {
    server = RabbitServer.start(data);
  }

  @AfterAll
  static void stopBroker() throws Exception {
    server.close();
  }

  @BeforeEach
  void open() throws Exception {
    first = new Node();
  }

  @AfterEach
  void close() throws Exception {
    first.close();
    TestBroker.delete(server, LANE);
  }

  /**
   * A node's queue, and what of it the node runs. It always asks for what is more urgent than all
   * it runs, as one whose hands are full does.
   */
  private static final class Node implements AutoCloseable {
    private static final Room URGENT = new Room(1, Long.MAX_VALUE, new Priority(10));

    final TaskQueue queue = TestBroker.open(server, Map.of(), Set.of("owner", "other"));
    final List<Delivery> runs = new ArrayList<>();
    private final Producers asks;

    Node() throws Exception {
      Await.until("it is connected", LIMIT, () -> queue.trouble().isEmpty());
      asks = Producers.start(1, () -> assertThat(queue.receive(LANE, URGENT, MOMENT)).isEmpty());
    }

    /** Takes so many more, and runs them from now on. */
    void take(int tasks) throws Exception {
      int all = runs.size() + tasks;
      Await.until(
          "it has " + tasks + " more",
          LIMIT,
          () -> {
            Room room = new Room(all - runs.size(), Long.MAX_VALUE, Priority.LOWEST);
            runs.addAll(queue.receive(LANE, room, MOMENT));
            return runs.size() == all;
          });
    }

    Set<TaskId> ids() {
      return new HashSet<>(runs.stream().map(Delivery::id).toList());
    }

    @Override
    public void close() throws ExecutionException {
      asks.close();
      queue.close();
    }
  }

  @Test
  void whatWaitsBehindFullHandsIsRunByANodeThatJoins() throws Exception {
    List<TaskSpec> specs = tasks(100);
    first.queue.enqueue(specs);
    first.take(40);
    try (var second = new Node()) {
      second.take(60);
      assertThat(Stream.concat(first.ids().stream(), second.ids().stream()))
          .containsExactlyInAnyOrderElementsOf(ids(specs));
    }
  }

  @Test
  void whatComesWhileHandsAreFullIsRunByTheNodeThatHasRoom() throws Exception {
    first.queue.enqueue(tasks(10));
    first.take(10);
    Set<TaskId> ran = ConcurrentHashMap.newKeySet();
    try (var second = new Node();
        var _ =
            Producers.start(
                1,
                () -> {
                  Room room = new Room(50, Long.MAX_VALUE, Priority.LOWEST);
                  List<Delivery> some = second.queue.receive(LANE, room, MOMENT);
                  second.queue.ack(some);
                  some.forEach(each -> ran.add(each.id()));
                })) {
      for (int times = 0; times < 3; times++) {
        List<TaskSpec> quick = new ArrayList<>(tasks(10));
        quick.addAll(Stream.generate(() -> TestTasks.of("other", task())).limit(10).toList());
        quick.add(task(8));
        first.queue.enqueue(quick);
        Await.until("all ran", LIMIT, () -> ran.containsAll(ids(quick)));
      }
    }
  }

  @Test
  void aNodeThatHasRoomAgainGetsWorkAgain() throws Exception {
    first.queue.enqueue(tasks(30));
    first.take(10);
    try (var second = new Node()) {
      second.take(20); // They were left to it.
      first.queue.ack(first.runs);
      second.queue.enqueue(tasks(30));
      first.take(25);
      second.take(5);
      first.queue.ack(first.runs);
      second.queue.ack(second.runs);
    }
    first.queue.enqueue(tasks(150));
    first.take(120);
  }

  @Test
  void workPassesANodeWhoseHandsAreFullToo() throws Exception {
    first.queue.enqueue(tasks(120));
    first.take(40);
    try (var second = new Node();
        var third = new Node()) {
      second.take(10);
      third.take(70);
    }
  }

  @Test
  void whatANodeLeavesBehindComesToThoseThatAreLeft() throws Exception {
    first.queue.enqueue(tasks(50));
    first.take(10);
    try (var second = new Node()) {
      second.take(40);
    }
    first.queue.ack(first.runs);
    first.take(40);
  }
}
