package dev.penstock.http;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.Unavailable;
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
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests held open for a task's end; several may wait for one task. They hear of it from the
 * bus; an event that was lost is made good by looking for all of them at once, once a second. Work
 * whose last waiter has gone, and whose id nobody was given, is cancelled after a while.
 */
final class Waiters {
  private static final Logger LOG = LoggerFactory.getLogger(Waiters.class);
  private static final long EVENT_EXPECTED = Duration.ofSeconds(1).toNanos();
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private final Bus bus;
  private final int most;
  private final long abandonAfter;
  private final Semaphore places;
  private final Map<TaskId, Line> lines = new HashMap<>(); // guarded by itself
  private final AtomicBoolean looking = new AtomicBoolean();

  /** Those who wait for one task. */
  private static final class Line {
    final List<Waiter> waiters = new ArrayList<>(1);

    /** Nobody but its waiters knows of the task: without them it is of no use. */
    boolean theirsOnly;

    long emptySince;
  }

  /**
   * @param most how many requests may be held at once; more are refused
   * @param abandonAfter how long work goes on that nobody waits for
   */
  Waiters(Bus bus, int most, Duration abandonAfter) {
    this.bus = bus;
    this.most = most;
    this.abandonAfter = abandonAfter.toNanos();
    places = new Semaphore(most);
  }

  /**
   * Starts to wait. Comes before the submit, or the end could be missed.
   *
   * @param theirsOnly the task is of no use once nobody waits for it: until {@link Waiter#promise}
   * @throws Refusal 503 when too many wait already
   */
  Waiter register(TaskId id, Exchange exchange, boolean theirsOnly) {
    if (!places.tryAcquire()) {
      throw new Refusal(ApiError.overloaded(most + " requests are being held already."));
    }
    var waiter = new Waiter(id);
    synchronized (lines) {
      Line line = lines.computeIfAbsent(id, _ -> new Line());
      line.waiters.add(waiter);
      line.theirsOnly = theirsOnly;
    }
    exchange.gone().thenRun(waiter::abandon);
    if (exchange.gone().isDone()) {
      throw new ClientGone(); // the abandoned waiter has closed itself
    }
    return waiter;
  }

  /** A task has ended; nobody here may be waiting for it. Does not block. */
  void settled(Task task) {
    if (!task.state().ended()) {
      return;
    }
    Line line;
    synchronized (lines) {
      line = lines.remove(task.id());
    }
    if (line != null) {
      line.waiters.forEach(waiter -> waiter.end.complete(Optional.of(task)));
    }
  }

  /**
   * Looks for tasks whose end should have been heard of by now, and cancels what was abandoned.
   * Blocks; one look at a time.
   */
  void look() throws InterruptedException {
    if (!looking.compareAndSet(false, true)) {
      return;
    }
    try {
      look(overdue());
      for (TaskId id : abandoned()) {
        if (!drop(id)) {
          break;
        }
      }
    } finally {
      looking.set(false);
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
      bus.ask(new FindTasks(ids), LIMIT).values().forEach(this::settled);
    } catch (Unavailable e) {
      LOG.debug("looking for held tasks: {}", e.getMessage());
    }
  }

  private List<TaskId> abandoned() {
    long now = System.nanoTime();
    List<TaskId> abandoned = new ArrayList<>();
    synchronized (lines) {
      lines.forEach((id, line) -> {
        if (line.waiters.isEmpty() && now - line.emptySince >= abandonAfter) {
          abandoned.add(id);
        }
      });
    }
    return abandoned;
  }

  /** False: nobody can be told now; the next look tries again. */
  private boolean drop(TaskId id) throws InterruptedException {
    Line line;
    synchronized (lines) {
      line = lines.get(id);
      if (line == null || !line.waiters.isEmpty()) {
        return true; // somebody came for it in the meantime
      }
      lines.remove(id);
    }
    try {
      bus.ask(new CancelTask(id), LIMIT);
      LOG.debug("task {}: cancelled, nobody waits for it any more", id);
      return true;
    } catch (Unavailable e) {
      LOG.debug("task {}: abandoned but not cancelled: {}", id, e.getMessage());
      synchronized (lines) {
        lines.putIfAbsent(id, line);
      }
      return false;
    }
  }

  /** Ends every wait as if its time were over. */
  void release() {
    List<Waiter> all = new ArrayList<>();
    synchronized (lines) {
      lines.values().forEach(line -> all.addAll(line.waiters));
    }
    all.forEach(waiter -> waiter.end.complete(Optional.empty()));
  }

  /** One held request. Closing it gives its place free; closing twice is fine. */
  final class Waiter implements AutoCloseable {
    private volatile TaskId id;
    private final long since = System.nanoTime();
    private final CompletableFuture<Optional<Task>> end = new CompletableFuture<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    private Waiter(TaskId id) {
      this.id = id;
    }

    /** The task that is waited for. */
    TaskId id() {
      return id;
    }

    /** An earlier task stands in: waits for its end, which may have come just now. */
    void follow(Task earlier) throws InterruptedException {
      synchronized (lines) {
        if (closed.get()) {
          throw new ClientGone();
        }
        lines.remove(id);
        id = earlier.id();
        if (!earlier.state().ended()) {
          lines.computeIfAbsent(id, _ -> new Line()).waiters.add(this);
        }
      }
      if (earlier.state().ended()) {
        end.complete(Optional.of(earlier));
      } else {
        look(Set.of(earlier.id()));
      }
    }

    /**
     * The ended task, without its input; empty when the time is over first.
     *
     * @throws ClientGone when nobody waits any more
     */
    Optional<Task> await(Duration limit) throws InterruptedException {
      try {
        return end.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        return Optional.empty();
      } catch (CancellationException e) {
        throw new ClientGone();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
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
        if (line != null) {
          line.waiters.remove(this);
          line.emptySince = System.nanoTime();
          if (line.waiters.isEmpty() && !line.theirsOnly) {
            lines.remove(id);
          }
        }
      }
      places.release();
    }
  }
}
