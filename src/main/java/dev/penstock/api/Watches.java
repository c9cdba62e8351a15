package dev.penstock.api;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.core.Glance;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks that somebody watches. All of them are read at once, now and then, however many watch
 * each; an end that the bus tells of is passed on at once.
 */
final class Watches {
  private static final Logger LOG = LoggerFactory.getLogger(Watches.class);
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private final Bus bus;
  private final Set<Watch> open = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean looking = new AtomicBoolean();

  Watches(Bus bus) {
    this.bus = bus;
  }

  /**
   * @param now the task as it was just read
   * @param bell rung when there is news; it must not wait
   */
  Watch watch(Task now, Runnable bell) {
    var watch = new Watch(now, bell);
    open.add(watch);
    return watch;
  }

  /** A task has ended; nobody here may watch it. Does not block for long. */
  void settled(Task task) {
    for (Watch watch : open) {
      if (watch.id.equals(task.id())) {
        watch.news(Optional.of(task));
      }
    }
  }

  /** Reads every watched task. Blocks; one look at a time. */
  void look() throws InterruptedException {
    if (open.isEmpty() || !looking.compareAndSet(false, true)) {
      return;
    }
    try {
      Set<Watch> asked = Set.copyOf(open);
      Set<TaskId> ids = new HashSet<>();
      asked.forEach(watch -> ids.add(watch.id));
      Map<TaskId, Glance> found = bus.ask(new GlanceAtTasks(ids), LIMIT);
      asked.forEach(
          watch -> watch.news(Optional.ofNullable(found.get(watch.id)).map(Glance::task)));
    } catch (Unavailable e) {
      LOG.debug("looking for watched tasks: {}", e.getMessage());
    } finally {
      looking.set(false);
    }
  }

  /** What is news about a task when it changes. */
  private record Standing(
      TaskState state,
      int attempts,
      int lost,
      @Nullable Progress progress,
      @Nullable Instant startedAt,
      @Nullable Instant finishedAt) {
    static Standing of(Task task) {
      return new Standing(
          task.state(),
          task.attempts(),
          task.lost(),
          task.progress(),
          task.startedAt(),
          task.finishedAt());
    }
  }

  /** One watcher of a task; it sees the newest state, not all in between. */
  final class Watch implements AutoCloseable {
    private final TaskId id;
    private final Runnable bell;
    private Optional<Task> newest;
    private boolean unseen;

    private Watch(Task now, Runnable bell) {
      id = now.id();
      newest = Optional.of(now.withOutput(null));
      this.bell = bell;
    }

    private synchronized void news(Optional<Task> task) {
      // An answer to a look may be older than the end that was told meanwhile.
      boolean ended = newest.filter(known -> known.state().ended()).isPresent();
      if (!ended && !newest.map(Standing::of).equals(task.map(Standing::of))) {
        newest = task.map(changed -> changed.withOutput(null)); // it may be watched for long
        unseen = true;
        bell.run();
      }
    }

    /** Whether there has been news since it was asked last. */
    synchronized boolean news() {
      boolean news = unseen;
      unseen = false;
      return news;
    }

    /** Empty when the task is no more. */
    synchronized Optional<Task> newest() {
      return newest;
    }

    @Override
    public void close() {
      open.remove(this);
    }
  }
}
