package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class DeliveriesTest {
  private final TaskSpec task = task();
  private final Recorded queue = new Recorded();
  private final Deliveries deliveries = new Deliveries(queue, Duration.ofSeconds(30));
  private final Delivery first = new Delivery(task.id(), task.lane(), 1);
  private final Delivery second = new Delivery(task.id(), task.lane(), 2);

  /** What was said of deliveries; it holds those it is told to. */
  private static final class Recorded implements TaskQueue {
    private final List<Delivery> acked = new ArrayList<>();
    private final List<Delivery> released = new ArrayList<>();
    private final List<Delivery> gone = new ArrayList<>();
    private final List<TaskSpec> enqueued = new ArrayList<>();

    @Override
    public void enqueue(List<TaskSpec> tasks) {
      enqueued.addAll(tasks);
    }

    @Override
    public List<Delivery> receive(Lane lane, Room room, Duration wait) {
      return List.of();
    }

    @Override
    public void ack(List<Delivery> deliveries) {
      acked.addAll(deliveries);
    }

    @Override
    public List<Delivery> release(List<Delivery> deliveries) {
      released.addAll(deliveries);
      return deliveries.stream().filter(gone::contains).toList();
    }

    @Override
    public Optional<String> trouble() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  @Test
  void aLateHolderCannotAcknowledgeTheMessageOfALaterRun() {
    deliveries.keep("one", first);
    deliveries.again(List.of(task));
    deliveries.keep("two", second);
    deliveries.ack(task.id(), "one");
    deliveries.returned(task.id(), "one");
    assertThat(queue.acked).isEmpty();

    deliveries.ack(task.id(), "two");
    deliveries.ack(task.id(), "two");
    assertThat(queue.acked).containsExactly(second);
  }

  @Test
  void anEarlierMessageIsNotNeededBesideALaterOne() {
    deliveries.keep("one", first);
    deliveries.keep("two", second);

    assertThat(queue.acked).containsExactly(first);
    deliveries.ack(task.id());
    assertThat(queue.acked).containsExactly(first, second);
  }

  @Test
  void aReadyTaskWhoseMessageTheQueueHasLostIsEnqueuedAnew() {
    queue.gone.add(first);
    deliveries.keep("one", first);
    deliveries.again(List.of(task));

    assertThat(queue.released).containsExactly(first);
    assertThat(queue.enqueued).containsExactly(task);
  }

  @Test
  void aReadyTaskWhoseMessageIsHereGetsNoSecondOne() {
    deliveries.keep("one", first);
    deliveries.again(List.of(task));

    assertThat(queue.released).containsExactly(first);
    assertThat(queue.enqueued).isEmpty();
    assertThat(queue.acked).isEmpty();
  }

  private Map<TaskId, Task> stands(TaskState state) {
    return Map.of(
        task.id(), new Task(task, state, 0, 0, null, Instant.EPOCH, null, null, null, null, null));
  }

  /** Looks when the lease should have ended. */
  private void look(Map<TaskId, Task> store) {
    deliveries.look(System.nanoTime() + Duration.ofSeconds(31).toNanos(), _ -> store);
  }

  @Test
  void nothingIsLookedForBeforeALeaseShouldHaveEnded() {
    deliveries.keep("token", first);
    deliveries.look(
        System.nanoTime(),
        ids -> {
          throw new AssertionError("looked for " + ids);
        });
  }

  @Test
  void aMessageOfWorkThatEndedElsewhereIsAcknowledged() {
    deliveries.keep("token", first);
    look(stands(TaskState.COMPLETED));
    assertThat(queue.acked).containsExactly(first);
    deliveries.keep("token", second);
    look(Map.of());
    assertThat(queue.released).as("its claim tells what became of it").containsExactly(second);
  }

  @Test
  void aMessageOfWorkThatLapsedGoesBack() {
    deliveries.keep("token", first);
    look(stands(TaskState.PENDING));
    assertThat(queue.released).containsExactly(first);
  }

  @Test
  void aMessageOfWorkThatGoesOnElsewhereIsKeptAndLookedAfterAgain() {
    deliveries.keep("token", first);
    look(stands(TaskState.PROCESSING));
    assertThat(queue.acked).isEmpty();
    assertThat(queue.released).isEmpty();
    deliveries.look(
        System.nanoTime() + Duration.ofSeconds(62).toNanos(), _ -> stands(TaskState.CANCELLED));
    assertThat(queue.acked).containsExactly(first);
  }

  @Test
  void anExtendedLeaseIsLookedAfterLater() {
    deliveries.keep("token", first);
    deliveries.extended(task.id(), "token", System.nanoTime() + Duration.ofSeconds(10).toNanos());
    look(stands(TaskState.COMPLETED));
    assertThat(queue.acked).isEmpty();
  }
}
