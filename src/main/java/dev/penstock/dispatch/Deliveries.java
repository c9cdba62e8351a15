package dev.penstock.dispatch;

import dev.penstock.queue.TaskQueue;
import dev.penstock.queue.TaskQueue.Delivery;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The deliveries this node has claimed and not acknowledged yet: the one thing a dispatcher knows
 * that nobody else does. Losing them with the process is what makes the queue deliver them again.
 *
 * <p>Each is kept with the token of the lease it was claimed under, because a task may be delivered
 * and claimed again while an earlier holder is still about: what that one says must not touch the
 * message of the later one.
 */
final class Deliveries {
  private final TaskQueue queue;
  private final ConcurrentMap<TaskId, Claimed> claimed = new ConcurrentHashMap<>();

  private record Claimed(String token, Delivery delivery) {}

  Deliveries(TaskQueue queue) {
    this.queue = queue;
  }

  /** An earlier message of the task is not needed beside this one. */
  void keep(String token, Delivery delivery) {
    Claimed earlier = claimed.put(delivery.id(), new Claimed(token, delivery));
    if (earlier != null && !earlier.delivery().equals(delivery)) {
      queue.ack(List.of(earlier.delivery()));
    }
  }

  /** This lease's run has ended: its message is not needed any more. */
  void ack(TaskId id, String token) {
    Claimed current = claimed.get(id);
    if (current != null && current.token().equals(token) && claimed.remove(id, current)) {
      queue.ack(List.of(current.delivery()));
    }
  }

  /**
   * This lease is somebody else's by now, or nobody's: when the message comes again, the claim says
   * whether it is still needed.
   */
  void returned(TaskId id, String token) {
    Claimed current = claimed.get(id);
    if (current != null && current.token().equals(token) && claimed.remove(id, current)) {
      queue.release(List.of(current.delivery()));
    }
  }

  /** The task has ended, whoever ran it. */
  void ack(TaskId id) {
    Claimed current = claimed.remove(id);
    if (current != null) {
      queue.ack(List.of(current.delivery()));
    }
  }

  /** The tasks are ready once more: gives their messages back, or makes new ones. */
  void again(List<TaskSpec> ready) {
    List<TaskSpec> anew = new ArrayList<>();
    Map<Delivery, TaskSpec> back = new HashMap<>();
    for (TaskSpec spec : ready) {
      Claimed current = claimed.remove(spec.id());
      if (current == null) {
        anew.add(spec);
      } else {
        back.put(current.delivery(), spec);
      }
    }
    for (Delivery gone : queue.release(List.copyOf(back.keySet()))) {
      anew.add(back.get(gone));
    }
    queue.enqueue(anew);
  }
}
