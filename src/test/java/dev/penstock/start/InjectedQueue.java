package dev.penstock.start;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.ForwardingQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The real queue as a broker can be at its worst: every message comes twice, acknowledged ones come
 * once more later, and some confirms get lost.
 */
final class InjectedQueue extends ForwardingQueue {
  private static final int LOSE_EVERY = 7;
  private static final int LATE_COPIES = 16;

  private final ConcurrentLinkedQueue<Delivery> acknowledged = new ConcurrentLinkedQueue<>();
  private final AtomicInteger confirms = new AtomicInteger();
  private final AtomicInteger repeated = new AtomicInteger();

  InjectedQueue(TaskQueue real) {
    super(real);
  }

  int repeatedDeliveries() {
    return repeated.get();
  }

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    real.enqueue(tasks);
    if (confirms.incrementAndGet() % LOSE_EVERY == 0) {
      throw Unavailable.unknown("injected: the confirm was lost", new IllegalStateException());
    }
  }

  @Override
  public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
    List<Delivery> once = real.receive(lane, room, wait);
    List<Delivery> twice = new ArrayList<>(once);
    twice.addAll(once);
    for (Delivery late = acknowledged.poll();
        late != null && twice.size() < once.size() * 2 + LATE_COPIES;
        late = acknowledged.poll()) {
      if (late.lane().equals(lane)) {
        twice.add(late);
      }
    }
    repeated.addAndGet(twice.size() - once.size());
    return twice;
  }

  @Override
  public void ack(List<Delivery> deliveries) {
    real.ack(deliveries);
    acknowledged.addAll(deliveries);
  }
}
