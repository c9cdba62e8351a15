package dev.penstock.pieces;

import dev.penstock.bus.Event.PiecesFound;
import dev.penstock.bus.Event.PiecesSought;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** Asks other nodes for what they still have of earlier runs' pieces, and takes the best of it. */
final class Search {
  private final Post post;
  private final ConcurrentMap<TaskId, Best> open = new ConcurrentHashMap<>();

  Search(Post post) {
    this.post = post;
  }

  /** The best answer so far. */
  private static final class Best {
    private final long from;
    private TaskPieces.@Nullable Found found;

    Best(long from, TaskPieces.@Nullable Found found) {
      this.from = from;
      this.found = found;
    }

    /** The newest run's, and of those the most. */
    synchronized void offer(TaskPieces.Found other) {
      TaskPieces.Found best = found;
      if (best == null
          || other.run() > best.run()
          || (other.run() == best.run() && other.pieces().size() > best.pieces().size())) {
        found = other;
      }
    }

    synchronized TaskPieces.@Nullable Found found() {
      return found;
    }
  }

  /**
   * Asks, and waits for as long as was said: it is not known how many have something.
   *
   * @param own what is known here; null: nothing
   */
  TaskPieces.@Nullable Found best(
      TaskId id, long run, long from, Duration patience, TaskPieces.@Nullable Found own) {
    var best = new Best(from, own);
    open.put(id, best);
    try {
      post.tellAll(new PiecesSought(post.node(), id, run, from));
      Thread.sleep(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(id, best);
    }
    return best.found();
  }

  /** An answer has come. On an event loop. */
  void found(PiecesFound event) {
    Best best = open.get(event.task());
    if (best != null && best.from == event.from() && !event.pieces().isEmpty()) {
      best.offer(new TaskPieces.Found(event.run(), TaskPieces.bytes(event.pieces())));
    }
  }
}
