package dev.penstock.storage;

import dev.penstock.base.Newest;
import dev.penstock.task.TaskId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the last tasks of pages stood: who asks for the next page means that place, though the task
 * may be gone by then. Thread-safe. A few are remembered; others' places follow from their ids,
 * which is as good but for children, whose ids have their parents' times.
 */
public final class LastShown {
  private static final int MOST = 4_096;

  private final Map<TaskId, Long> places = Newest.put(MOST);

  /** A page ended with the task, and others follow. */
  public synchronized void ended(TaskId id, long place) {
    places.put(id, place);
  }

  public synchronized @Nullable Long place(TaskId id) {
    return places.get(id);
  }
}
