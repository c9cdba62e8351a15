package dev.penstock.dispatch;

import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.ForwardingQueue;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

/** The real queue, what was enqueued, and how often somebody has begun to wait for its messages. */
final class WatchedQueue extends ForwardingQueue {
  private final AtomicInteger receives;
  private final Queue<TaskSpec> enqueued;

  WatchedQueue(TaskQueue real, AtomicInteger receives, Queue<TaskSpec> enqueued) {
    super(real);
    this.receives = receives;
    this.enqueued = enqueued;
  }

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    real.enqueue(tasks);
    enqueued.addAll(tasks);
  }

  @Override
  public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
    receives.incrementAndGet();
    return real.receive(lane, room, wait);
  }
}
