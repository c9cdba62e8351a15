package dev.penstock.dispatch;

import dev.penstock.queue.TaskQueue;
import dev.penstock.queue.TaskQueue.Delivery;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The deliveries this node has claimed and not acknowledged yet: the one thing a dispatcher knows
 * that nobody else does. Losing them with the process is what makes the queue deliver them again.
 */
final class Deliveries {
  private final TaskQueue queue;
  private final ConcurrentMap<TaskId, Delivery> claimed = new ConcurrentHashMap<>();

  Deliveries(TaskQueue queue) {
    this.queue = queue;
  }

  void keep(Delivery delivery) {
    claimed.put(delivery.id(), delivery);
  }

  /** The run has ended: the message is not needed any more. */
  void ack(TaskId id) {
    Delivery delivery = claimed.remove(id);
    if (delivery != null) {
      queue.ack(List.of(delivery));
    }
  }

  /** The tasks are ready once more: gives their messages back, or makes new ones. */
  void again(List<TaskSpec> ready) {
    List<Delivery> back = new ArrayList<>();
    List<TaskSpec> anew = new ArrayList<>();
    for (TaskSpec spec : ready) {
      Delivery delivery = claimed.remove(spec.id());
      if (delivery == null) {
        anew.add(spec);
      } else {
        back.add(delivery);
      }
    }
    queue.release(back);
    queue.enqueue(anew);
  }
}
