package dev.penstock.pieces;

import dev.penstock.bus.Event.PiecesTold;
import dev.penstock.bus.Event.PiecesWanted;
import dev.penstock.task.TaskId;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that listen to tasks, whether or not there is anything to tell yet, and what they are
 * told. What nodes say may come from any thread; all else is the hub's own thread's.
 */
final class Listeners {
  /** Tasks that others listen to; more are not heard, and said again later. */
  private static final int MOST_TASKS = 10_000;

  /** Announcements between two looks; what is more is said again later. */
  private static final int MOST_UNREAD = 20_000;

  private final Post post;
  private final PieceLimits limits;
  private final ConcurrentMap<TaskId, TaskPieces> tasks;
  private final RecentEnds ends;
  private final Map<TaskId, Map<String, Listener>> listeners = new HashMap<>();
  private final Set<TaskId> due = new LinkedHashSet<>();

  /** What came and was not looked at. Guarded by itself. */
  private final Queue<PiecesWanted> unread = new ArrayDeque<>();

  /** What ended with nothing known of it here. Guarded by {@link #unread}. */
  private final Queue<TaskId> ended = new ArrayDeque<>();

  Listeners(
      Post post, PieceLimits limits, ConcurrentMap<TaskId, TaskPieces> tasks, RecentEnds ends) {
    this.post = post;
    this.limits = limits;
    this.tasks = tasks;
    this.ends = ends;
  }

  void wanted(PiecesWanted event) {
    synchronized (unread) {
      if (unread.size() < MOST_UNREAD) {
        unread.add(event);
      }
    }
  }

  /** A run of which nothing is known here has ended: who listens should know. */
  void ended(TaskId id) {
    synchronized (unread) {
      if (ended.size() < MOST_UNREAD) {
        ended.add(id);
      }
    }
  }

  /** Looks at what came. */
  void hear(long now) {
    List<PiecesWanted> came;
    synchronized (unread) {
      came = List.copyOf(unread);
      unread.clear();
      due.addAll(ended);
      ended.clear();
    }
    for (PiecesWanted wanted : came) {
      hear(wanted, now);
    }
  }

  private void hear(PiecesWanted wanted, long now) {
    Map<String, Listener> nodes = listeners.get(wanted.task());
    if (nodes == null) {
      if (listeners.size() >= MOST_TASKS) {
        return;
      }
      nodes = new HashMap<>();
      listeners.put(wanted.task(), nodes);
    }
    Listener listener = nodes.get(wanted.node());
    boolean fresh = listener == null;
    if (listener == null) {
      listener = new Listener();
      nodes.put(wanted.node(), listener);
    }
    listener.until = now + limits.lapse().toNanos();
    if (fresh || wanted.again() || wanted.run() > listener.run) {
      listener.run = wanted.run();
      listener.cursor = wanted.next();
      listener.endTold = false;
    } else if (wanted.run() == listener.run) {
      listener.cursor = Math.max(listener.cursor, wanted.next());
    } else {
      return; // it does not know yet what it was told: a later word of its counts
    }
    TaskPieces task = tasks.get(wanted.task());
    long onTheWay = task == null ? 0 : task.cost(wanted.next(), listener.cursor);
    listener.credit = Math.min(limits.credit(), wanted.credit()) - onTheWay;
    due.add(wanted.task());
  }

  /** A task has news. */
  void due(TaskId id) {
    due.add(id);
  }

  /** Sends what is due. */
  void send() {
    for (TaskId id : due) {
      Map<String, Listener> nodes = listeners.get(id);
      if (nodes != null) {
        nodes.forEach((node, listener) -> send(id, node, listener));
      }
    }
    due.clear();
  }

  private void send(TaskId id, String node, Listener listener) {
    TaskPieces task = tasks.get(id);
    if (task == null) {
      PiecesTold end = end(id);
      if (end != null && !listener.endTold) {
        listener.endTold = true;
        post.tell(node, end);
      }
      return;
    }
    for (PiecesTold told = task.forListener(post.node(), listener, limits.portion());
        told != null;
        told = task.forListener(post.node(), listener, limits.portion())) {
      post.tell(node, told);
    }
  }

  /** What is told of a run that has ended and of which there are no pieces here. */
  private @Nullable PiecesTold end(TaskId id) {
    RecentEnds.Ended ended = ends.of(id);
    if (ended == null) {
      return null;
    }
    var gone = new TaskPieces(id, 0, limits.task(), 0);
    gone.ended(ended.run(), ended.end(), 0);
    return gone.forListener(post.node(), new Listener(), limits.portion());
  }

  /** Forgets who has not been heard of for long. */
  void lapse(long now) {
    listeners
        .values()
        .removeIf(nodes -> {
          nodes.values().removeIf(listener -> now - listener.until > 0);
          return nodes.isEmpty();
        });
  }
}
