package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks up many tasks, a few at first and more as long as their results are short: those of
 * hundreds may not fit into memory.
 */
final class Finds {
  /** About so many bytes of results are looked up at a time. */
  static final long BYTES = 4L << 20;

  private static final int FIRST = 4;
  private static final int MOST = 500;

  private final TaskStore store;

  Finds(TaskStore store) {
    this.store = store;
  }

  /** Takes one task after the other. */
  @FunctionalInterface
  interface Taker {
    /**
     * Takes the next one; false: no more is wanted.
     *
     * @param task without its input; null: it is not known
     */
    boolean take(TaskId id, @Nullable Task task);
  }

  /** Looks tasks up, in their order. */
  void each(List<TaskId> ids, Taker taker) {
    int size = FIRST;
    int from = 0;
    while (from < ids.size()) {
      List<TaskId> some = ids.subList(from, Math.min(ids.size(), from + size));
      Map<TaskId, Task> found = store.findAll(some);
      long bytes = 0;
      for (TaskId id : some) {
        Task task = found.get(id);
        bytes += bytes(task);
        if (!taker.take(id, task)) {
          return;
        }
      }
      from += some.size();
      long fitting = bytes == 0 ? MOST : BYTES * some.size() / bytes;
      size = Math.clamp(fitting, 1, MOST);
    }
  }

  /** How long a task's result is. */
  static long bytes(@Nullable Task task) {
    TaskOutput output = task == null ? null : task.output();
    return output == null ? 0 : output.bytes().length;
  }
}
