package dev.penstock.dispatch;

import static dev.penstock.store.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.queue.TaskQueue;
import dev.penstock.queue.TaskQueue.Delivery;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class DeliveriesTest {
  private final TaskSpec task = task();
  private final Recorded queue = new Recorded();
  private final Deliveries deliveries = new Deliveries(queue);
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
}
