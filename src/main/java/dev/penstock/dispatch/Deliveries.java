package dev.penstock.dispatch;

import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;

/**
 * The deliveries this node has claimed and not acknowledged yet: the one thing a dispatcher knows
 * that nobody else does. Losing them with the process is what makes the queue deliver them again.
 *
 * <p>Each is kept with the token of the lease it was claimed under, because a task may be delivered
 * and claimed again while an earlier holder is still about: what that one says must not touch the
 * message of the later one.
 */
final class Deliveries {
  private static final int AT_A_TIME = 500;

  private final TaskQueue queue;
  private final Duration lease;
  private final ConcurrentMap<TaskId, Claimed> claimed = new ConcurrentHashMap<>();

  /**
   * @param until when to look what became of the lease, by {@link System#nanoTime}
   */
  private record Claimed(String token, Delivery delivery, long until) {}

  /**
   * @param lease how long a lease lasts that is not extended
   */
  Deliveries(TaskQueue queue, Duration lease) {
    this.queue = queue;
    this.lease = lease;
  }

  /** Keeps a claimed message; an earlier one of its task is not needed beside it. */
  void keep(String token, Delivery delivery) {
    Claimed earlier =
        claimed.put(delivery.id(), new Claimed(token, delivery, after(System.nanoTime())));
    if (earlier != null && !earlier.delivery().equals(delivery)) {
      queue.ack(List.of(earlier.delivery()));
    }
  }

  private long after(long now) {
    return now + lease.toNanos();
  }

  /** Notes that the lease was extended here by a request that came at {@code asked}. */
  void extended(TaskId id, String token, long asked) {
    claimed.computeIfPresent(
        id,
        (_, current) ->
            current.token().equals(token)
                ? new Claimed(token, current.delivery(), after(asked))
                : current);
  }

  /**
   * Looks after the messages whose lease should have ended: it may have been extended or settled
   * through another node, or lapsed. Tasks that have ended need no message any more, nor do those
   * that wait for their children: they get another. Those that run keep it, and those that wait or
   * are not known get it back: its claim tells whether another copy was quicker, or a lost record
   * is to be made again.
   *
   * @param store finds tasks
   */
  void look(long now, Function<List<TaskId>, Map<TaskId, Task>> store) {
    List<TaskId> due = new ArrayList<>();
    claimed.forEach((id, current) -> {
      if (current.until() - now < 0 && due.size() < AT_A_TIME) {
        due.add(id);
      }
    });
    if (due.isEmpty()) {
      return;
    }
    Map<TaskId, Task> found = store.apply(due);
    for (TaskId id : due) {
      Claimed current = claimed.get(id);
      if (current == null || current.until() - now >= 0) {
        continue;
      }
      Task task = found.get(id);
      if (task != null && (task.state().ended() || task.waitingOn() > 0)) {
        ack(id, current.token());
      } else if (task == null || task.state() == TaskState.PENDING) {
        returned(id, current.token());
      } else {
        extended(id, current.token(), now);
      }
    }
  }

  /** Acknowledges the message of a lease whose run has ended. */
  void ack(TaskId id, String token) {
    Claimed current = claimed.get(id);
    if (current != null && current.token().equals(token) && claimed.remove(id, current)) {
      queue.ack(List.of(current.delivery()));
    }
  }

  /**
   * Releases the message of a lease that is somebody else's by now, or nobody's: when it comes
   * again, the claim says whether it is still needed.
   */
  void returned(TaskId id, String token) {
    Claimed current = claimed.get(id);
    if (current != null && current.token().equals(token) && claimed.remove(id, current)) {
      queue.release(List.of(current.delivery()));
    }
  }

  /** Acknowledges the message of a task that has ended, whoever ran it. */
  void ack(TaskId id) {
    Claimed current = claimed.remove(id);
    if (current != null) {
      queue.ack(List.of(current.delivery()));
    }
  }

  /** Gives back the messages of tasks that are ready once more, or makes new ones. */
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
