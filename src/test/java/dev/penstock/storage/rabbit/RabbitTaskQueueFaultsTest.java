package dev.penstock.storage.rabbit;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.tasks;
import static dev.penstock.storage.TestTasks.withInput;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.rabbitmq.client.MessageProperties;
import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskMessage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Await;
import dev.penstock.testing.Producers;
import dev.penstock.testing.RabbitServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that is killed, frozen and meddled with: the queue's part of the table of faults. */
final class RabbitTaskQueueFaultsTest {
  /** Of the owner whose tasks these are. */
  private static final String ROUTE = RoutingKeys.own(LANE, "owner", false);

  private static final Duration BACK = Duration.ofSeconds(60);
  private static final Duration MOMENT = Duration.ofMillis(300);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RabbitServer server;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private TaskQueue queue;

  @BeforeAll
  static void startBroker(@TempDir Path data) throws Exception {
    server = RabbitServer.start(data);
  }

  @AfterAll
  static void stopBroker() throws Exception {
    server.close();
  }

  @BeforeEach
  void openQueue() throws Exception {
    open(Map.of());
  }

  @AfterEach
  void closeQueue() throws Exception {
    queue.close();
    TestBroker.delete(server, LANE);
  }

  private void open(Map<String, String> others) throws Exception {
    Map<String, String> keys = new HashMap<>(others);
    keys.putIfAbsent("rabbitmq.confirm-timeout", "60s");
    queue = TestBroker.open(server, keys);
    awaitConnected();
  }

  private void reopen(Map<String, String> others) throws Exception {
    queue.close();
    open(others);
  }

  private void awaitConnected() throws Exception {
    Await.until("it is connected", BACK, () -> queue.trouble().isEmpty());
  }

  // --- the broker dies

  @Test
  void nothingConfirmedIsLostWhenTheBrokerIsKilledUnderLoad() throws Exception {
    Set<TaskId> confirmed = ConcurrentHashMap.newKeySet();
    Set<TaskId> received = ConcurrentHashMap.newKeySet();
    AtomicInteger refused = new AtomicInteger();
    AtomicInteger unknown = new AtomicInteger();
    try (var _ = Producers.start(2, () -> receiveAndAck(received));
        var _ =
            Producers.start(
                32, // so many that some wait for their confirm at any time
                () -> {
                  List<TaskSpec> some = tasks(5);
                  try {
                    queue.enqueue(some);
                    confirmed.addAll(ids(some));
                  } catch (Unavailable e) {
                    (e.surelyNotDone() ? refused : unknown).incrementAndGet();
                  }
                })) {
      for (int kill = 0; kill < 2; kill++) {
        int before = confirmed.size();
        Await.until("the load runs", BACK, () -> confirmed.size() > before + 1_000);
        server.kill();
        Await.until("it is noticed", BACK, () -> queue.trouble().isPresent());
        server.relaunch();
        server.awaitUp();
        awaitConnected();
      }
      int before = received.size();
      Await.until("messages come again", BACK, () -> received.size() > before + 500);
    }
    Await.until(
        "all that was confirmed has come",
        BACK,
        () -> {
          receiveAndAck(received);
          return received.containsAll(confirmed);
        });
    assertThat(refused.get()).as("told that the broker was away").isPositive();
    assertThat(unknown.get()).as("cut off before their confirm").isPositive();
  }

  private boolean taken(List<TaskSpec> specs) {
    try {
      queue.enqueue(specs);
      return true;
    } catch (Unavailable e) {
      return false;
    }
  }

  private void receiveAndAck(Set<TaskId> received) throws InterruptedException {
    List<Delivery> some = queue.receive(LANE, room(50), Duration.ofMillis(100));
    some.forEach(delivery -> received.add(delivery.id()));
    queue.ack(some);
  }

  @Test
  void aSubmitIsSurelyNotDoneWhileTheBrokerIsAway() throws Exception {
    server.kill();
    try {
      Await.until("it is noticed", BACK, () -> queue.trouble().isPresent());

      assertThat(failure().surelyNotDone()).isTrue();
      assertThat(queue.receive(LANE, room(1), MOMENT)).isEmpty();
      assertThat(queue.trouble().orElseThrow()).contains("RabbitMQ").contains("away");
    } finally {
      server.relaunch();
      server.awaitUp();
    }
    awaitConnected();
    queue.enqueue(tasks(1));
    assertThat(queue.receive(LANE, room(1), BACK)).hasSize(1);
  }

  @Test
  void itOpensWhileTheBrokerIsAwayAndConnectsWhenItIsThere() throws Exception {
    queue.close();
    server.kill();
    queue = TestBroker.open(server, Map.of());
    assertThat(queue.trouble()).isPresent();
    server.relaunch();
    server.awaitUp();

    awaitConnected();
    queue.enqueue(tasks(1));
    assertThat(queue.receive(LANE, room(1), BACK)).hasSize(1);
  }

  @Test
  void whatWasInHandComesAgainAndItsOldHandlesMeanNothing() throws Exception {
    List<TaskSpec> specs = tasks(3);
    queue.enqueue(specs);
    List<Delivery> old = receiveAll(3);
    server.kill();
    server.relaunch();
    server.awaitUp();

    List<Delivery> again = receiveAll(3);
    assertThat(again.stream().map(Delivery::id)).containsExactlyInAnyOrderElementsOf(ids(specs));
    queue.ack(old);
    assertThat(queue.release(old)).as("gone").isEqualTo(old);
    assertThat(queue.release(again)).isEmpty();
    assertThat(receiveAll(3)).hasSize(3);
  }

  // --- the broker freezes

  @Test
  void aFrozenBrokerLeavesASubmitUnknownAndTheNextOnesWorkWhenItIsBack() throws Exception {
    reopen(Map.of("rabbitmq.confirm-timeout", "5s"));
    List<TaskSpec> specs = tasks(100);
    queue.enqueue(specs);
    List<TaskSpec> frozen = tasks(1);
    server.freeze();
    try {
      Unavailable failure = catchThrowableOfType(Unavailable.class, () -> queue.enqueue(frozen));
      assertThat(failure.surelyNotDone()).isFalse();
    } finally {
      server.thaw();
    }
    Await.until("it takes them", BACK, () -> taken(frozen));
    List<TaskSpec> next = tasks(1);
    Await.until("it takes the next ones", BACK, () -> taken(next));

    // The one that was unknown may have come through both times.
    Set<TaskId> received = new HashSet<>();
    Await.until(
        "all have come",
        BACK,
        () -> {
          receiveAndAck(received);
          return received.size() == 102;
        });
    assertThat(received).containsAll(ids(specs)).containsAll(ids(frozen));
  }

  @Test
  void aBrokerFrozenForLongIsGivenUpAndFoundAgain() throws Exception {
    queue.enqueue(tasks(1_000));
    receiveAll(10);
    server.freeze();
    try {
      Await.until("it is noticed", BACK, () -> queue.trouble().isPresent());
      assertThat(failure().surelyNotDone()).isTrue();
    } finally {
      server.thaw();
    }
    awaitConnected();

    Set<TaskId> received = new HashSet<>();
    Await.until(
        "all have come",
        BACK,
        () -> {
          receiveAndAck(received);
          return received.size() == 1_000;
        });
  }

  // --- the broker is meddled with

  @Test
  void aTaskWhoseQueueWasDeletedIsRefusedAndTheNextOneMakesTheQueueAnew() throws Exception {
    queue.enqueue(tasks(1));
    TestBroker.delete(server, LANE);

    assertThat(failure().surelyNotDone()).isTrue();
    List<TaskSpec> next = tasks(1);
    queue.enqueue(next);
    assertThat(receiveAll(1).getFirst().id()).isEqualTo(next.getFirst().id());
  }

  @Test
  void aConsumerThatTheBrokerCancelsIsMadeAnew() throws Exception {
    queue.enqueue(tasks(1));
    queue.ack(receiveAll(1));
    TestBroker.delete(server, LANE);

    Await.until(
        "messages come again",
        BACK,
        () -> {
          try {
            queue.enqueue(tasks(1));
          } catch (Unavailable e) {
            return false; // The link is being made anew.
          }
          return !queue.receive(LANE, room(1), BACK).isEmpty();
        });
  }

  @Test
  void aChannelThatTheBrokerClosesIsMadeAnewWithItsExchangeAndBindings() throws Exception {
    queue.enqueue(tasks(1));
    TestBroker.with(server, channel -> channel.exchangeDelete(RabbitLink.EXCHANGE));

    Await.until(
        "publishes come through again",
        BACK,
        () -> {
          try {
            queue.enqueue(tasks(1));
            return true;
          } catch (Unavailable e) {
            return false; // The link is being made anew.
          }
        });
    assertThat(receiveAll(2)).hasSize(2);
  }

  @Test
  void aBrokerWithoutMemoryRefusesAndGoesOnWhenItHasSome() throws Exception {
    reopen(Map.of("rabbitmq.confirm-timeout", "5s"));
    queue.enqueue(tasks(1));
    try {
      server.control("set_vm_memory_high_watermark", "0.000001");
      Await.until(
          "it takes no messages",
          BACK,
          () -> {
            try {
              queue.enqueue(tasks(1)); // A broker tells those who publish.
            } catch (Unavailable e) {
              return queue.trouble().orElse("").contains("takes no messages");
            }
            return false;
          });
      assertThat(failure().surelyNotDone()).isTrue();
    } finally {
      server.control("set_vm_memory_high_watermark", "0.8"); // Others share the broker.
    }
    awaitConnected();
    queue.enqueue(tasks(1));
    assertThat(receiveAll(2)).hasSize(2);
  }

  @Test
  void aTaskThatWasDeliveredTooOftenIsHandedOverAsDead() throws Exception {
    queue.close();
    TestBroker.with(
        server,
        channel ->
            channel.queueDeclare(
                RabbitLink.queue(ROUTE),
                true,
                false,
                false,
                Map.of(
                    "x-queue-type",
                    "quorum",
                    "x-delivery-limit",
                    1,
                    "x-dead-letter-exchange",
                    DeadLetters.QUEUE)));
    open(Map.of());
    TaskSpec poison = task();
    queue.enqueue(List.of(poison));
    TestBroker.with(
        server,
        channel -> {
          Await.until(
              "the broker gives it up",
              BACK,
              () -> {
                var message = channel.basicGet(RabbitLink.queue(ROUTE), false);
                if (message != null) {
                  channel.basicNack(message.getEnvelope().getDeliveryTag(), false, true);
                }
                return channel.messageCount(DeadLetters.QUEUE) == 1;
              });
          return true;
        });

    List<TaskQueue.Dead> dead = new ArrayList<>();
    assertThat(
            catchThrowableOfType(
                IllegalStateException.class,
                () ->
                    queue.takeDead(
                        10,
                        _ -> {
                          throw new IllegalStateException("it cannot be recorded now");
                        })))
        .isNotNull();
    assertThat(queue.takeDead(10, dead::add)).as("it stayed").isEqualTo(1);
    assertThat(dead.getFirst().task().id()).isEqualTo(poison.id());
    assertThat(dead.getFirst().reason()).isEqualTo("delivery_limit");
    assertThat(dead.getFirst().tooOften()).isTrue();
    assertThat(queue.takeDead(10, dead::add)).isZero();
  }

  @Test
  void aTaskWhoseMessageExpiredOrWasRejectedWasDropped() throws Exception {
    queue.enqueue(tasks(1)); // So that the lane's queue is there; nobody reads it.
    TaskSpec expired = task();
    TestBroker.with(
        server,
        channel -> {
          // The first one is rejected by hand: a message expires at the head of its queue alone.
          var first = channel.basicGet(RabbitLink.queue(ROUTE), false);
          channel.basicReject(first.getEnvelope().getDeliveryTag(), false);
          channel.basicPublish(
              RabbitLink.EXCHANGE,
              ROUTE,
              MessageProperties.MINIMAL_BASIC.builder().expiration("1").build(),
              TaskMessage.encode(expired));
          return true;
        });

    List<TaskQueue.Dead> dead = new ArrayList<>();
    Await.until(
        "both are dead",
        BACK,
        () -> {
          queue.takeDead(10, dead::add);
          return dead.size() == 2;
        });
    assertThat(dead).extracting(TaskQueue.Dead::reason).containsExactly("rejected", "expired");
    assertThat(dead).extracting(TaskQueue.Dead::tooOften).containsOnly(false);
    assertThat(dead.getLast().task().id()).isEqualTo(expired.id());
  }

  @Test
  void lanesNamedLikeTheQueuesOfDeadLettersKeepTheirTasks() throws Exception {
    for (String name : DeadLetters.NAMES) {
      Lane lane = new Lane(name, null);
      TaskSpec spec = TestTasks.of(RoutingKeys.DEFAULT, task(lane));
      queue.enqueue(List.of(spec));
      assertThat(queue.takeDead(10, _ -> {})).isZero();

      List<Delivery> received = queue.receive(lane, room(10), BACK);
      assertThat(received).extracting(Delivery::id).containsExactly(spec.id());
      queue.ack(received);
    }
    queue.close();
    for (String name : DeadLetters.NAMES) {
      TestBroker.delete(server, new Lane(name, null));
    }
  }

  @Test
  void aMessageThatIsNoTaskIsKeptForPeople() throws Exception {
    queue.enqueue(tasks(1));
    TestBroker.with(
        server,
        channel -> {
          channel.basicPublish(
              RabbitLink.EXCHANGE, ROUTE, MessageProperties.MINIMAL_BASIC, new byte[] {9, 9});
          return true;
        });
    queue.enqueue(tasks(1));

    queue.ack(receiveAll(2));
    assertThat(queue.receive(LANE, room(1), MOMENT)).isEmpty();
    List<TaskQueue.Dead> dead = new ArrayList<>();
    Await.until("it is taken", BACK, () -> queue.takeDead(10, dead::add) == 1);
    assertThat(dead).as("it is no task").isEmpty();
    long unreadable =
        TestBroker.with(server, channel -> channel.messageCount(DeadLetters.UNREADABLE));
    assertThat(unreadable).isEqualTo(1);
    queue.close();
    assertThat(TestBroker.waiting(server, LANE)).isZero();
  }

  @Test
  void aQueueThatIsThereKeepsItsType() throws Exception {
    queue.enqueue(tasks(1));
    reopen(Map.of("rabbitmq.queue-type", "QUORUM"));
    queue.enqueue(tasks(1));

    assertThat(receiveAll(2)).hasSize(2);
  }

  @Test
  void aQuorumQueueWorksToo() throws Exception {
    reopen(Map.of("rabbitmq.queue-type", "quorum"));
    queue.enqueue(tasks(10));

    queue.ack(receiveAll(10));
    assertThat(queue.receive(LANE, room(1), MOMENT)).isEmpty();
  }

  // --- what is delivered, and for how long

  @Test
  void aMessageHasItsWholeTaskAndALargeOneComesAgainWhenThereIsRoomForIt() throws Exception {
    TaskSpec large = large(LocalLane.MOST_KEPT - 10_000);
    TaskSpec second = large(20_000);
    queue.enqueue(List.of(large));
    queue.enqueue(List.of(second));
    List<Delivery> both = receiveAll(2);
    assertThat(queue.whole(both.get(0)).orElseThrow().input()).isEqualTo(large.input());
    assertThat(queue.whole(both.get(1))).as("no room beside the first").isEmpty();
    queue.ack(both);

    List<TaskSpec> whole = new ArrayList<>();
    Await.until(
        "it comes when there is room, which may be the second time",
        BACK,
        () -> {
          Delivery again = receiveAll(1).getFirst();
          assertThat(again.id()).isEqualTo(second.id());
          queue.whole(again).ifPresent(whole::add);
          queue.ack(List.of(again));
          assertThat(queue.whole(again)).as("it is not in flight any more").isEmpty();
          return !whole.isEmpty();
        });
    assertThat(whole.getFirst().input()).isEqualTo(second.input());
  }

  private static TaskSpec large(long bytes) {
    return withInput(new byte[Math.toIntExact(bytes)], task());
  }

  @Test
  void anUrgentTaskOvertakesAFullQueue() throws Exception {
    reopen(Map.of("rabbitmq.prefetch", "10"));
    List<TaskSpec> idle = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      idle.add(task(0));
    }
    queue.enqueue(idle);
    assertThat(receiveAll(1)).hasSize(1); // The consumer is there, and its buffer full.
    TaskSpec urgent = task(10);
    queue.enqueue(List.of(urgent));

    List<TaskId> order = new ArrayList<>();
    while (!order.contains(urgent.id())) {
      List<Delivery> one = receiveAll(1);
      order.add(one.getFirst().id());
      queue.ack(one);
    }
    assertThat(order).as("no more than were here before it").hasSizeLessThanOrEqualTo(12);
  }

  @Test
  void anUrgentTaskComesThoughThePrefetchIsSpentAndNothingEnds() throws Exception {
    reopen(Map.of("rabbitmq.prefetch", "10"));
    List<TaskSpec> idle = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      idle.add(task(0));
    }
    queue.enqueue(idle);
    receiveAll(3);
    Await.until("the prefetch is spent", BACK, () -> TestBroker.waiting(server, LANE) == 90);
    TaskSpec urgent = task(10);
    queue.enqueue(List.of(urgent));

    Room room = new Room(5, Long.MAX_VALUE, new Priority(1));
    assertThat(queue.receive(LANE, room, BACK))
        .extracting(Delivery::id)
        .containsExactly(urgent.id());
  }

  @Test
  void noMoreIsHereThanThePrefetchAllows() throws Exception {
    reopen(Map.of("rabbitmq.prefetch", "10"));
    queue.enqueue(tasks(30));

    List<Delivery> first = receiveAll(10);
    assertThat(queue.receive(LANE, room(10), MOMENT)).isEmpty();
    assertThat(TestBroker.waiting(server, LANE)).isEqualTo(20);
    queue.ack(first.subList(0, 4));
    assertThat(receiveAll(4)).hasSize(4);
  }

  @Test
  void whatWasGivenBackAsASuspectGoesToWhoHasRoomForSuch() throws Exception {
    queue.enqueue(tasks(4));
    queue.releaseSuspects(receiveAll(3));
    queue.release(receiveAll(1));

    Room others = new Room(5, 1_000, Priority.LOWEST, 0);
    assertThat(queue.receive(LANE, others, MOMENT)).as("given back as usual").hasSize(1);
    assertThat(queue.receive(LANE, others, MOMENT)).isEmpty();
    assertThat(queue.receive(LANE, new Room(5, 1_000, Priority.LOWEST, 1), MOMENT)).hasSize(1);
    queue.enqueue(tasks(1));
    Room suspects = Room.ofSuspects(5, 1_000, Priority.LOWEST);
    assertThat(queue.receive(LANE, suspects, MOMENT)).hasSize(2);
    assertThat(queue.receive(LANE, suspects, MOMENT)).isEmpty();
  }

  @Test
  void whatIsInHandForLongIsAcknowledgedAndItsHandleIsSpent() throws Exception {
    reopen(Map.of("rabbitmq.ack-horizon", "1s", "rabbitmq.prefetch", "1"));
    queue.enqueue(tasks(2));
    List<Delivery> held = receiveAll(1);
    List<Delivery> next = receiveAll(1); // Comes when the first is acknowledged, not sooner.

    assertThat(queue.release(held)).isEqualTo(held);
    queue.ack(held);
    queue.ack(next);
    reopen(Map.of());
    assertThat(queue.receive(LANE, room(1), MOMENT)).isEmpty();
  }

  @Test
  void whatWaitsWhereNobodyAsksGoesToWhoDoesAndComesAgainWhenAskedFor() throws Exception {
    queue.enqueue(tasks(20));
    List<Delivery> inFlight = receiveAll(1);
    try (TaskQueue other = TestBroker.open(server, Map.of("rabbitmq.confirm-timeout", "60s"))) {
      Set<TaskId> there = new HashSet<>();
      Await.until(
          "the other node gets the rest, once nobody has asked here for a while",
          RabbitTaskQueue.IDLE.plus(BACK),
          () -> {
            List<Delivery> some = other.receive(LANE, room(50), Duration.ofMillis(100));
            some.forEach(delivery -> there.add(delivery.id()));
            other.ack(some);
            return there.size() == 19;
          });
      assertThat(there)
          .as("what is in flight stays there")
          .doesNotContain(inFlight.getFirst().id());
    }
    queue.ack(inFlight);
    List<TaskSpec> more = tasks(3);
    queue.enqueue(more);
    Set<TaskId> here = new HashSet<>();
    Await.until(
        "it is asked for again",
        BACK,
        () -> {
          receiveAndAck(here);
          return here.containsAll(ids(more));
        });
    assertThat(here).as("nothing comes twice").hasSize(3);
  }

  @Test
  void whatWaitsHereForLongGoesBackToTheBrokerAndIsNotLost() throws Exception {
    reopen(Map.of("rabbitmq.ack-horizon", "500ms"));
    List<TaskSpec> specs = tasks(5);
    queue.enqueue(specs);
    assertThat(queue.receive(LANE, room(1), BACK)).hasSize(1);
    assertThat(queue.receive(LANE, new Room(1, 1, new Priority(10)), Duration.ofSeconds(2)))
        .isEmpty();

    Set<TaskId> others = new HashSet<>();
    Await.until(
        "the others come",
        BACK,
        () -> {
          receiveAndAck(others);
          return others.size() == 4;
        });
  }

  // --- helpers

  private Unavailable failure() {
    return catchThrowableOfType(Unavailable.class, () -> queue.enqueue(tasks(1)));
  }

  private static Room room(int tasks) {
    return new Room(tasks, Long.MAX_VALUE, Priority.LOWEST);
  }

  private List<Delivery> receiveAll(int n) throws Exception {
    List<Delivery> all = new ArrayList<>();
    Await.until(
        n + " messages come",
        BACK,
        () -> {
          if (all.size() < n) {
            all.addAll(queue.receive(LANE, room(n - all.size()), BACK));
          }
          return all.size() == n;
        });
    return all;
  }
}
