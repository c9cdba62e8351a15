package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tasks that this node could not publish and keeps all the same, because their end has been
 * promised. They are enqueued as soon as the queue takes work again. The Rescuer finds what is not
 * here: further ones, and those of a node that has died.
 */
final class Unsent implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Unsent.class);
  private static final int MOST = 10_000;

  private final TaskStore store;
  private final TaskQueue queue;
  private final LinkedBlockingQueue<TaskId> waiting = new LinkedBlockingQueue<>(MOST);

  Unsent(TaskStore store, TaskQueue queue) {
    this.store = store;
    this.queue = queue;
  }

  /**
   * Sends tasks that are ready, or keeps them: trouble with that is not for the caller to hear of.
   */
  void sendOrKeep(List<TaskSpec> ready, Consumer<List<TaskSpec>> sender) {
    if (ready.isEmpty()) {
      return;
    }
    try {
      sender.accept(ready);
    } catch (Unavailable e) {
      LOG.warn("{} tasks are ready and wait for the queue: {}", ready.size(), e.getMessage());
      ready.forEach(spec -> add(spec.id()));
    }
  }

  void add(TaskId id) {
    var _ = waiting.offer(id);
  }

  /**
   * @throws Unavailable when the queue or the store has trouble again: the rest waits for the next
   *     run
   */
  @Override
  public void run() {
    if (queue.trouble().isPresent()) {
      return;
    }
    for (TaskId next = waiting.peek(); next != null; next = waiting.peek()) {
      try {
        store
            .find(next)
            .filter(task -> task.state() == TaskState.PENDING)
            .ifPresent(task -> queue.enqueue(List.of(task.spec())));
      } catch (Unavailable e) {
        throw e;
      } catch (RuntimeException e) {
        LOG.error("task {} is left to the Rescuer", next, e); // It must not hold up the others.
      }
      waiting.remove();
    }
  }
}
