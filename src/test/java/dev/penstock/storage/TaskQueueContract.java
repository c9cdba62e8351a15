package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.Ending;
import dev.penstock.core.RetryResult;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every task queue must do, beside the store that its tasks are kept in. */
public abstract class TaskQueueContract implements TurnsContract {
  private static final Duration LEASE = Duration.ofSeconds(30);

  /**
   * Of a receive that finds something or is woken, which returns then, on a busy machine a while
   * later.
   */
  private static final Duration LONG = Duration.ofSeconds(60);

  private static final int MANY = 10_000;

  final SettableClock clock = new SettableClock();
  public Rig rig;

  /** A queue and the store beside it. */
  public record Rig(TaskQueue queue, TaskStore store) {

    void submit(List<TaskSpec> tasks) {
      store.insert(tasks);
      queue.enqueue(tasks);
    }

    void submit(TaskSpec... tasks) {
      submit(List.of(tasks));
    }
  }

  /** Opens the rig of this test: empty at first, then with what was there when it was closed. */
  protected abstract Rig open(InstantSource clock) throws Exception;

  /** Closes the rig and all it stands on, as a stopping process does. */
  protected abstract void shutDown() throws Exception;

  @BeforeEach
  void openRig() throws Exception {
    rig = open(clock);
  }

  @AfterEach
  void closeRig() throws Exception {
    shutDown();
  }

  @Override
  public final Rig rig() {
    return rig;
  }

  private void restart() throws Exception {
    shutDown();
    rig = open(clock);
  }

  // --- what comes, and in which order

  @Test
  void anEmptyLaneGivesNothing() throws Exception {
    assertThat(rig.queue.receive(LANE, room(5), Duration.ZERO)).isEmpty();
    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
  }

  @Test
  void emptyListsAreFine() {
    rig.queue.enqueue(List.of());
    rig.queue.ack(List.of());
    rig.queue.release(List.of());
  }

  @Test
  void theMostUrgentComeFirstAndTheOldestAmongEquals() throws Exception {
    List<TaskSpec> specs = List.of(task(5), task(0), task(10), task(5), task(10), task(7), task(0));
    rig.submit(specs);

    assertThat(ids(receiveAll(specs.size())))
        .containsExactly(
            specs.get(2).id(),
            specs.get(4).id(),
            specs.get(5).id(),
            specs.get(0).id(),
            specs.get(3).id(),
            specs.get(1).id(),
            specs.get(6).id());
  }

  @Test
  void aBulkComesInTheOrderOfItsSubmit() throws Exception {
    List<TaskSpec> specs = tasks(1_000);
    rig.submit(specs);

    assertThat(ids(receiveAll(1_000))).isEqualTo(TestTasks.ids(specs));
  }

  @Test
  void lanesAreSeparate() throws Exception {
    Lane other = new Lane("ping", null);
    TaskSpec ping = task(other);
    rig.submit(task(), ping);

    assertThat(ids(rig.queue.receive(other, room(5), LONG))).containsExactly(ping.id());
    assertThat(rig.queue.receive(other, room(5), Duration.ZERO)).isEmpty();
    assertThat(receiveAll(1)).hasSize(1);
  }

  @Test
  void whatIsNotDueDoesNotCome() throws Exception {
    TaskSpec later = taskAt(clock.instant().plusSeconds(60));
    rig.store.insert(List.of(later));
    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
    clock.advance(Duration.ofSeconds(60));
    rig.queue.enqueue(rig.store.promoteDue(10));

    assertThat(ids(receiveAll(1))).containsExactly(later.id());
  }

  // --- room

  @Test
  void noMoreComeThanThereIsRoomFor() throws Exception {
    rig.submit(tasks(10));

    assertThat(rig.queue.receive(LANE, room(4), LONG)).hasSizeBetween(1, 4);
  }

  @Test
  void noMoreBytesComeThanThereIsRoomFor() throws Exception {
    List<TaskSpec> specs = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      specs.add(task(LANE, Priority.TASK, new byte[100]));
    }
    rig.submit(specs);

    int received = 0;
    while (received < 5) {
      List<Delivery> some = rig.queue.receive(LANE, new Room(10, 250, Priority.LOWEST), LONG);
      assertThat(some).hasSizeBetween(1, 2);
      received += some.size();
    }
  }

  @Test
  void oneMessageComesHoweverBigItIs() throws Exception {
    TaskSpec big = task(LANE, Priority.HELD, new byte[4 << 20]);
    rig.submit(big, task());

    assertThat(ids(rig.queue.receive(LANE, new Room(10, 1_000, Priority.LOWEST), LONG)))
        .containsExactly(big.id());
  }

  @Test
  void nothingLessUrgentComesThanAskedFor() throws Exception {
    TaskSpec urgent = task(7);
    rig.submit(task(3), urgent, task(6));

    Room room = new Room(10, Long.MAX_VALUE, new Priority(7));
    assertThat(ids(rig.queue.receive(LANE, room, LONG))).containsExactly(urgent.id());
    assertThat(rig.queue.receive(LANE, room, Duration.ZERO)).isEmpty();
    assertThat(receiveAll(2)).hasSize(2);
  }

  // --- waiting

  @Test
  void aWaitingReceiverIsWokenByASubmit() throws Exception {
    waitAndDo(() -> rig.submit(task()), received -> assertThat(received).hasSize(1));
  }

  @Test
  void aWaitingReceiverIsWokenByARelease() throws Exception {
    rig.submit(task());
    List<Delivery> held = receiveAll(1);
    waitAndDo(() -> rig.queue.release(held), received -> assertThat(received).hasSize(1));
  }

  @Test
  void everyOneOfManyWaitingReceiversGetsItsMessage() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<Delivery>>> waiting = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        waiting.add(threads.submit(() -> rig.queue.receive(LANE, room(1), LONG)));
      }
      for (int i = 0; i < 20; i++) {
        rig.submit(task());
      }
      long distinct = 0;
      for (Future<List<Delivery>> received : waiting) {
        distinct += received.get(LONG.toSeconds(), TimeUnit.SECONDS).size();
      }
      assertThat(distinct).isEqualTo(20);
    }
  }

  @Test
  void aWaitingReceiverCanBeInterrupted() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    Thread receiver =
        Thread.ofVirtual()
            .start(() -> {
              try {
                rig.queue.receive(LANE, room(1), LONG);
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
            });
    receiver.interrupt();

    assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void closingWakesWhoWaits() throws Exception {
    waitAndDo(() -> rig.queue.close(), received -> assertThat(received).isEmpty());
    assertThat(rig.queue.receive(LANE, room(1), LONG)).isEmpty();
  }

  // --- in flight

  @Test
  void whatIsInHandDoesNotComeAgain() throws Exception {
    rig.submit(tasks(3));
    receiveAll(3);

    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
  }

  @Test
  void whatIsReleasedComesAgain() throws Exception {
    rig.submit(tasks(3));
    List<Delivery> first = receiveAll(3);
    rig.queue.release(first);

    List<Delivery> second = receiveAll(3);
    assertThat(ids(second)).containsExactlyInAnyOrderElementsOf(ids(first));
    rig.queue.release(first); // Handles that have been given back already.
    rig.queue.ack(first);
    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
  }

  @Test
  void acknowledgingTwiceChangesNothing() throws Exception {
    rig.submit(task());
    List<Delivery> received = receiveAll(1);
    complete(received.getFirst().id());
    rig.queue.ack(received);
    rig.queue.ack(received);
    rig.queue.release(received);

    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
  }

  @Test
  void unknownDeliveriesAreIgnored() throws Exception {
    rig.submit(task());
    Delivery unknown = new Delivery(TaskId.random(), LANE, 123_456);
    rig.queue.ack(List.of(unknown));
    rig.queue.release(List.of(unknown));

    assertThat(receiveAll(1)).hasSize(1);
  }

  @Test
  void aTaskReadyAgainComesAgainWhileItsOldMessageIsInHand() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    List<Delivery> first = receiveAll(1);
    Claim.Claimed claimed = claim(spec.id());
    TaskError error = new TaskError(TaskError.Code.INFERENCE_FAILED, "again");
    rig.store
        .settle(
            List.of(
                new Settle(
                    spec.id(), claimed.lease().token(), new Ending.Backoff(error, Duration.ZERO))))
        .getFirst();
    rig.queue.enqueue(List.of(spec));

    List<Delivery> second = receiveAll(1);
    assertThat(ids(second)).containsExactly(spec.id());
    rig.queue.ack(first);
    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
    assertThat(claim(spec.id()).task().attempts()).isEqualTo(1);
  }

  @Test
  void aCancelledTaskIsNotClaimedWhenItComesAtAll() throws Exception {
    TaskSpec cancelled = task();
    TaskSpec inFlight = task();
    rig.submit(inFlight);
    List<Delivery> first = receiveAll(1);
    rig.submit(cancelled);
    rig.store.cancel(List.of(cancelled.id(), inFlight.id()));

    List<Delivery> all = new ArrayList<>(first);
    all.addAll(rig.queue.receive(LANE, room(5), Duration.ofMillis(50)));
    assertThat(rig.store.claim(ids(all), "w", LEASE, false)).containsOnly(new Claim.Settled());
    rig.queue.ack(all);
    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
  }

  @Test
  void aRetriedTaskComesAgain() throws Exception {
    TaskSpec failed = task(5);
    TaskSpec cancelled = task(4);
    rig.submit(failed, cancelled);
    List<Delivery> received = receiveAll(2);
    Claim.Claimed claimed = claim(failed.id());
    TaskError error = new TaskError(TaskError.Code.INFERENCE_FAILED, "for good");
    rig.store
        .settle(List.of(new Settle(failed.id(), claimed.lease().token(), new Ending.Failed(error))))
        .getFirst();
    rig.queue.ack(received);
    rig.store.cancel(List.of(cancelled.id()));
    retry(failed, cancelled);

    assertThat(ids(receiveAll(2))).containsExactly(failed.id(), cancelled.id());
    assertThat(claim(failed.id()).task().attempts()).isZero();
    assertThat(claim(cancelled.id()).task().spec().input()).isEqualTo(cancelled.input());
  }

  @Test
  void aRetriedTaskComesAgainWhileItsOldMessageIsInHand() throws Exception {
    TaskSpec unclaimed = task(5);
    TaskSpec running = task(4);
    rig.submit(unclaimed, running);
    List<Delivery> old = receiveAll(2);
    claim(running.id());
    rig.store.cancel(List.of(unclaimed.id(), running.id()));
    retry(unclaimed, running);

    assertThat(ids(receiveAll(2))).containsExactly(unclaimed.id(), running.id());
    rig.queue.ack(old);
    assertThat(rig.queue.receive(LANE, room(5), Duration.ofMillis(50))).isEmpty();
    complete(unclaimed.id());
    complete(running.id());
  }

  private void retry(TaskSpec... tasks) {
    List<TaskId> ids = Stream.of(tasks).map(TaskSpec::id).toList();
    List<TaskSpec> ready = new ArrayList<>();
    for (RetryResult retrial : rig.store.retry(ids)) {
      ready.add(((RetryResult.Now) retrial).task().spec());
    }
    rig.queue.enqueue(ready);
  }

  @Test
  void concurrentReceiversNeverGetTheSameMessage() throws Exception {
    List<TaskSpec> specs = tasks(2_000);
    rig.submit(specs.subList(0, 1_000));
    rig.submit(specs.subList(1_000, 2_000));
    ConcurrentLinkedQueue<TaskId> received = new ConcurrentLinkedQueue<>();
    atOnce(
        8,
        () -> {
          while (received.size() < 2_000) {
            ids(rig.queue.receive(LANE, room(7), Duration.ofMillis(20))).forEach(received::add);
          }
        });

    assertThat(received).hasSize(2_000).doesNotHaveDuplicates();
  }

  @Test
  void manyTasksThroughManyWorkersAreEachSettledOnce() throws Exception {
    AtomicInteger settled = new AtomicInteger();
    AtomicInteger notSettled = new AtomicInteger();
    atOnce(
        1,
        () -> {
          List<TaskSpec> specs = tasks(MANY);
          for (int i = 0; i < MANY; i += 500) {
            rig.submit(specs.subList(i, i + 500));
          }
        });
    atOnce(
        8,
        () -> {
          while (settled.get() < MANY) {
            List<Delivery> some = rig.queue.receive(LANE, room(16), Duration.ofMillis(20));
            for (Claim claim : rig.store.claim(ids(some), "w", LEASE, false)) {
              if (claim instanceof Claim.Claimed claimed) {
                Settled answer =
                    rig.store
                        .settle(
                            List.of(
                                new Settle(
                                    claimed.task().id(),
                                    claimed.lease().token(),
                                    new Ending.Completed(json("1")))))
                        .getFirst();
                (answer instanceof Settled.Now ? settled : notSettled).incrementAndGet();
              }
            }
            rig.queue.ack(some);
          }
        });

    assertThat(settled).hasValue(MANY);
    assertThat(notSettled).hasValue(0);
    assertThat(rig.store.figures().states()).containsEntry(TaskState.COMPLETED, (long) MANY);
    assertThat(rig.queue.receive(LANE, room(1), Duration.ZERO)).isEmpty();
  }

  // --- restart

  @Test
  void whatWasInHandComesAgainAfterARestart() throws Exception {
    List<TaskSpec> specs = tasks(4);
    rig.submit(specs);
    List<Delivery> inFlight = receiveAll(2);
    restart();

    assertThat(ids(receiveAll(4)))
        .containsExactlyInAnyOrderElementsOf(TestTasks.ids(specs))
        .containsAll(ids(inFlight));
  }

  @Test
  void whatWasSettledDoesNotRunAgainAfterARestart() throws Exception {
    TaskSpec done = task(LANE, Priority.HELD, bytes("{}"));
    TaskSpec left = task();
    rig.submit(done, left);
    List<Delivery> received = rig.queue.receive(LANE, room(1), LONG);
    complete(received.getFirst().id());
    restart(); // Before the acknowledgement.

    List<TaskId> again = new ArrayList<>();
    while (!again.contains(left.id())) {
      again.addAll(ids(rig.queue.receive(LANE, room(5), LONG)));
    }
    for (Claim claim : rig.store.claim(again, "w", LEASE, false)) {
      assertThat(claim instanceof Claim.Claimed claimed ? claimed.task().id() : left.id())
          .isEqualTo(left.id());
    }
  }

  @Test
  void aHealthyQueueHasNoTrouble() {
    rig.submit(task());
    assertThat(rig.queue.trouble()).isEmpty();
  }

  @Test
  void roomForNothingIsRefused() {
    assertThatThrownBy(() -> new Room(0, 1, Priority.LOWEST))
        .isInstanceOf(IllegalArgumentException.class);
  }

  // --- helpers

  private static Room room(int tasks) {
    return new Room(tasks, Long.MAX_VALUE, Priority.LOWEST);
  }

  /** Receives until there are so many, in as many receives as it takes. */
  private List<Delivery> receiveAll(int n) throws InterruptedException {
    List<Delivery> all = new ArrayList<>();
    while (all.size() < n) {
      List<Delivery> some = rig.queue.receive(LANE, room(n - all.size()), LONG);
      assertThat(some).as("after %d of %d", all.size(), n).isNotEmpty();
      all.addAll(some);
    }
    return all;
  }

  private static List<TaskId> ids(List<Delivery> deliveries) {
    return deliveries.stream().map(Delivery::id).toList();
  }

  private Claim.Claimed claim(TaskId id) {
    return (Claim.Claimed) rig.store.claim(List.of(id), "w", LEASE, false).getFirst();
  }

  private void complete(TaskId id) {
    Claim.Claimed claimed = claim(id);
    rig.store
        .settle(List.of(new Settle(id, claimed.lease().token(), new Ending.Completed(json("1")))))
        .getFirst();
  }

  private interface Action {
    void run() throws Exception;
  }

  private interface Check {
    void of(List<Delivery> received);
  }

  /** Starts a receiver that finds nothing, then does something that must end its wait. */
  private void waitAndDo(Action action, Check check) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch started = new CountDownLatch(1);
      Future<List<Delivery>> received =
          threads.submit(() -> {
            started.countDown();
            return rig.queue.receive(LANE, room(1), LONG);
          });
      started.await();
      action.run();
      check.of(received.get(LONG.toSeconds() / 2, TimeUnit.SECONDS));
    }
  }

  private static void atOnce(int workers, Action action) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Void>> all = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        all.add(() -> {
          action.run();
          return null;
        });
      }
      for (Future<Void> done : threads.invokeAll(all, 2, TimeUnit.MINUTES)) {
        done.get();
      }
    }
  }
}
