package dev.penstock.storage.sqlite;

import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The messages that were delivered and are neither acknowledged nor released. A task that was
 * claimed in between and became ready again is a new message: it may be delivered while the old one
 * is still in flight, and takes its place.
 */
final class InFlight {
  private final ConcurrentMap<TaskId, Message> messages = new ConcurrentHashMap<>();
  private final AtomicLong tags = new AtomicLong();

  /**
   * @param run how often the task had been claimed when it was delivered
   */
  record Message(Delivery delivery, long run, int priority) {}

  /** Whether this message is in flight, or a later one of the same task. */
  boolean has(TaskId id, long run) {
    Message held = messages.get(id);
    return held != null && held.run() >= run;
  }

  /** Takes the message; null when it is in flight already. */
  @Nullable Delivery take(TaskId id, Lane lane, long run, int priority) {
    Message held = messages.get(id);
    // A smaller number is a row seen before it was claimed: an old picture of the one in flight.
    if (held != null && held.run() >= run) {
      return null;
    }
    Message taken = new Message(new Delivery(id, lane, tags.incrementAndGet()), run, priority);
    boolean ours =
        held == null ? messages.putIfAbsent(id, taken) == null : messages.replace(id, held, taken);
    return ours ? taken.delivery() : null;
  }

  /** Forgets the message and returns it; null when this delivery of it is not in flight. */
  @Nullable Message drop(Delivery delivery) {
    Message held = messages.get(delivery.id());
    return held != null && held.delivery().equals(delivery) && messages.remove(delivery.id(), held)
        ? held
        : null;
  }
}
