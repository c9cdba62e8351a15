package dev.penstock.dispatch;

import dev.penstock.queue.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The real queue, and how often somebody has begun to wait for its messages. */
record WatchedQueue(TaskQueue real, AtomicInteger receives) implements TaskQueue {

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    real.enqueue(tasks);
  }

  @Override
  public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
    receives.incrementAndGet();
    return real.receive(lane, room, wait);
  }

  @Override
  public void ack(List<Delivery> deliveries) {
    real.ack(deliveries);
  }

  @Override
  public List<Delivery> release(List<Delivery> deliveries) {
    return real.release(deliveries);
  }

  @Override
  public Optional<String> trouble() {
    return real.trouble();
  }

  @Override
  public void close() {
    real.close();
  }
}
