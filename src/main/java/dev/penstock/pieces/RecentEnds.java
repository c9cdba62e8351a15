package dev.penstock.pieces;

import dev.penstock.base.Newest;
import dev.penstock.bus.Event.PiecesEnd;
import dev.penstock.task.TaskId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The newest ends of runs: who begins to listen as a run ends is to learn that there is no more.
 * Thread-safe.
 */
final class RecentEnds {
  private static final int MOST = 8_192;

  /** How a run ended. */
  record Ended(long run, PiecesEnd end) {}

  private final Map<TaskId, Ended> newest = Newest.put(MOST);

  synchronized void add(TaskId id, long run, PiecesEnd end) {
    newest.put(id, new Ended(run, end));
  }

  synchronized void forget(TaskId id, long run) {
    Ended ended = newest.get(id);
    if (ended != null && ended.run() == run) {
      newest.remove(id);
    }
  }

  synchronized @Nullable Ended of(TaskId id) {
    return newest.get(id);
  }
}
