package dev.penstock.dispatch;

import dev.penstock.queue.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.Unavailable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A queue that gives work out and takes none in. */
record ClosedQueue(TaskQueue real, Unavailable answer) implements TaskQueue {

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    throw answer;
  }

  @Override
  public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
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
    return Optional.of("closed");
  }

  @Override
  public void close() {
    real.close();
  }
}
