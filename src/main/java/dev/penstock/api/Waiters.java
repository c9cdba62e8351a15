package dev.penstock.api;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.core.Glance;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.web.ClientGone;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Share;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests held open for a task's end; several may wait for one task. They hear of it from the
 * bus; an event that was lost is made good by looking for all of them at once, once a second. Work
 * whose last waiter has gone, and whose id nobody was given, is cancelled after a while; until then
 * it keeps the place of that waiter, so that one number bounds both.
 */
final class Waiters {
  private static final Logger LOG = LoggerFactory.getLogger(Waiters.class);
  private static final long EVENT_EXPECTED = Duration.ofSeconds(1).toNanos();
  private static final Duration LIMIT = Duration.ofSeconds(5);

  /** About ten seconds of looks: then a request that waits is told to ask again. */
  private static final int MOST_UNKNOWN = 10;

  /** Abandoned work that could not be cancelled for so long is left to run to its end. */
  private static final long GIVE_UP = Duration.ofMinutes(1).toNanos();

  private final Bus bus;
  private final long abandonAfter;
  private final Share places;
  private final Map<TaskId, Line> lines = new HashMap<>(); // guarded by itself
  private final AtomicBoolean looking = new AtomicBoolean();
  private final AtomicBoolean dropping = new AtomicBoolean();
  private volatile boolean released;

  /** Those who wait for one task. */
  private static final class Line {
    final List<Waiter> waiters = new ArrayList<>(1);

    /** Nobody but its waiters knows of the task: without them it is of no use. */
    boolean theirsOnly;

    /** Its last waiter has gone and has left it this; null: somebody waits. */
    Share.@Nullable Held place;

    long emptySince;

    /** Looks in a row in which the store did not know the task. */
    int unknown;
  }

  /**
   * @param places for requests that are held; more are refused
   * @param abandonAfter how long work goes on that nobody waits for
   */
  Waiters(Bus bus, Share places, Duration abandonAfter) {
    this.bus = bus;
    this.places = places;
    this.abandonAfter = abandonAfter.toNanos();
  }

  /**
   * Starts to wait. Comes before the submit, or the end could be missed.
   *
   * @param theirsOnly the task is of no use once nobody waits for it: until {@link Waiter#promise}
   * @throws Refusal when too many wait already: 429 where they are the caller's, else 503
   */
  Waiter register(TaskId id, Exchange exchange, boolean theirsOnly) {
    var waiter = new Waiter(id, place(exchange));
    synchronized (lines) {
      Line line = lines.computeIfAbsent(id, _ -> new Line());
      line.waiters.add(waiter);
      line.theirsOnly = theirsOnly;
    }
    var _ = exchange.gone().thenRun(waiter::abandon);
    if (exchange.gone().isDone()) {
      waiter.forget(); // the abandoned waiter has closed itself
      throw new ClientGone();
    }
    return waiter;
  }

  /**
   * A place among the held requests, until it is closed.
   *
   * @throws Refusal as {@link #register} does
   */
  Share.Held place(Exchange exchange) {
    return places.take(exchange.holder(), 1);
  }

  /** A task has ended; nobody here may be waiting for it. Does not block. */
  void settled(Task task) {
    if (!task.state().ended()) {
      return;
    }
    Line line;
    synchronized (lines) {
      line = remove(task.id());
    }
    if (line != null) {
      line.waiters.forEach(waiter -> waiter.end.complete(Optional.of(task)));
    }
  }

  /** The line goes, and with it the place that it may have. Holding the lock. */
  private @Nullable Line remove(TaskId id) {
    Line line = lines.remove(id);
    if (line != null) {
      free(line);
    }
    return line;
  }

  private static void free(Line line) {
    if (line.place != null) {
      line.place.close();
      line.place = null;
    }
  }

  /** Looks for tasks whose end should have been heard of by now. Blocks; one look at a time. */
  void look() throws InterruptedException {
    if (!looking.compareAndSet(false, true)) {
      return;
    }
    try {
      look(overdue());
    } finally {
      looking.set(false);
    }
  }

  /**
   * Cancels what was abandoned. Blocks for as long as that takes, so it has a turn of its own; one
   * at a time.
   */
  void drop() throws InterruptedException {
    if (!dropping.compareAndSet(false, true)) {
      return;
    }
    try {
      for (TaskId id : abandoned()) {
        if (!drop(id)) {
          giveUp();
          break;
        }
      }
    } finally {
      dropping.set(false);
    }
  }

  /** What it leaves is dropped by its turn. */
  private void dropSoon() {
    try {
      drop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Set<TaskId> overdue() {
    long now = System.nanoTime();
    Set<TaskId> overdue = new HashSet<>();
    synchronized (lines) {
      lines.forEach((id, line) -> {
        if (line.waiters.stream().anyMatch(waiter -> now - waiter.since > EVENT_EXPECTED)) {
          overdue.add(id);
        }
      });
    }
    return overdue;
  }

  private void look(Set<TaskId> ids) throws InterruptedException {
    if (ids.isEmpty()) {
      return;
    }
    try {
      Map<TaskId, Glance> found = bus.ask(new GlanceAtTasks(ids), LIMIT);
      found.values().forEach(seen -> settled(seen.task()));
      release(unknown(ids, found.keySet()));
    } catch (Unavailable e) {
      LOG.debug("looking for held tasks: {}", e.getMessage());
    }
  }

  /**
   * Those of the tasks that the store has not known in many looks in a row. It may have lost them;
   * a message may still bring one back, but that may take long.
   */
  private List<Waiter> unknown(Set<TaskId> looked, Set<TaskId> known) {
    List<Waiter> without = new ArrayList<>();
    synchronized (lines) {
      for (TaskId id : looked) {
        Line line = lines.get(id);
        if (line != null) {
          line.unknown = known.contains(id) ? 0 : line.unknown + 1;
          if (line.unknown >= MOST_UNKNOWN) {
            without.addAll(line.waiters);
          }
        }
      }
    }
    return without;
  }

  private List<TaskId> abandoned() {
    long now = System.nanoTime();
    List<TaskId> abandoned = new ArrayList<>();
    synchronized (lines) {
      lines.forEach((id, line) -> {
        if (line.place != null && now - line.emptySince >= abandonAfter) {
          abandoned.add(id);
        }
      });
    }
    return abandoned;
  }

  /** False: nobody can be told now; the next turn tries again. */
  private boolean drop(TaskId id) throws InterruptedException {
    Line line;
    Share.Held place;
    synchronized (lines) {
      line = lines.get(id);
      place = line == null ? null : line.place;
      if (line == null || place == null) {
        return true; // somebody came for it in the meantime
      }
      lines.remove(id); // whoever comes now has a line of its own
    }
    boolean kept = false;
    try {
      bus.ask(new CancelTask(id), LIMIT);
      LOG.debug("task {}: cancelled, nobody waits for it any more", id);
      return true;
    } catch (Unavailable e) {
      LOG.debug("task {}: abandoned but not cancelled: {}", id, e.getMessage());
      synchronized (lines) {
        kept = lines.putIfAbsent(id, line) == null;
      }
      return false;
    } finally {
      if (!kept) {
        place.close();
      }
    }
  }

  private void giveUp() {
    long now = System.nanoTime();
    synchronized (lines) {
      lines
          .values()
          .removeIf(line -> {
            boolean old = line.place != null && now - line.emptySince >= abandonAfter + GIVE_UP;
            if (old) {
              free(line);
            }
            return old;
          });
    }
  }

  /** Ends every wait as if its time were over, those that come later too. */
  void release() {
    List<Waiter> all = new ArrayList<>();
    synchronized (lines) {
      released = true;
      lines.values().forEach(line -> all.addAll(line.waiters));
    }
    release(all);
  }

  private static void release(List<Waiter> waiters) {
    waiters.forEach(waiter -> waiter.end.complete(Optional.empty()));
  }

  /**
   * One held request. Closing it gives its place free, or leaves it to the work it abandons;
   * closing twice is fine.
   */
  final class Waiter implements AutoCloseable {
    private volatile TaskId id;
    private final Share.Held place;
    private final long since = System.nanoTime();
    private final CompletableFuture<Optional<Task>> end = new CompletableFuture<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    private Waiter(TaskId id, Share.Held place) {
      this.id = id;
      this.place = place;
    }

    /** The task that is waited for. */
    TaskId id() {
      return id;
    }

    /** An earlier task stands in: waits for its end, which may have come just now. */
    void follow(Task earlier) throws InterruptedException {
      synchronized (lines) {
        remove(id); // there is no task of that id
        if (closed.get()) {
          throw new ClientGone();
        }
        id = earlier.id();
        if (!earlier.state().ended()) {
          Line line = lines.computeIfAbsent(id, _ -> new Line());
          line.waiters.add(this);
          free(line);
        }
      }
      if (earlier.state().ended()) {
        end.complete(Optional.of(earlier));
      } else {
        look(Set.of(earlier.id()));
      }
    }

    /**
     * The ended task, without its input, and perhaps without a result that is long; empty when the
     * time is over first.
     *
     * @throws ClientGone when nobody waits any more
     */
    Optional<Task> await(Duration limit) throws InterruptedException {
      // Looked at here, when who came after the release knows its task: that may have ended.
      long left = released ? 0 : limit.toNanos();
      try {
        return end.get(left, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        return Optional.empty();
      } catch (CancellationException e) {
        throw new ClientGone();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }

    /** Rings when the wait is over, however; at once where it is. It must not wait. */
    void bell(Runnable bell) {
      var _ = end.whenComplete((_, _) -> bell.run());
    }

    /** Whether the task has ended, or the wait for it. */
    boolean over() {
      return end.isDone();
    }

    /** The client is told the task's id: from now on it may come back for the result. */
    void promise() {
      synchronized (lines) {
        Line line = lines.get(id);
        if (line != null) {
          line.theirsOnly = false;
        }
      }
    }

    /** There is no such task, and there will be none: nothing is left to cancel. */
    void forget() {
      synchronized (lines) {
        remove(id);
      }
    }

    private void abandon() {
      end.cancel(false);
      close();
    }

    @Override
    public void close() {
      synchronized (lines) {
        if (!closed.compareAndSet(false, true)) {
          return;
        }
        Line line = lines.get(id);
        if (line != null && line.waiters.remove(this) && line.waiters.isEmpty()) {
          if (line.theirsOnly) {
            line.emptySince = System.nanoTime();
            line.place = place;
            if (abandonAfter == 0) {
              Thread.ofVirtual().name("abandoned").start(Waiters.this::dropSoon);
            }
            return;
          }
          lines.remove(id);
        }
      }
      place.close();
    }
  }
}
