package dev.penstock.testing;

import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Does what the real queue does; tests change what they need otherwise. */
public abstract class ForwardingQueue implements TaskQueue {
  protected final TaskQueue real;

  protected ForwardingQueue(TaskQueue real) {
    this.real = real;
  }

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    real.enqueue(tasks);
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
  public List<Delivery> releaseSuspects(List<Delivery> deliveries) {
    return real.releaseSuspects(deliveries);
  }

  @Override
  public Optional<TaskSpec> whole(Delivery delivery) {
    return real.whole(delivery);
  }

  @Override
  public OptionalLong messages(Lane lane) {
    return real.messages(lane);
  }

  @Override
  public int takeDead(int limit, Consumer<Dead> deal) {
    return real.takeDead(limit, deal);
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
