package dev.penstock.http;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.Unavailable;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests held open for a task's end. They hear of it from the bus; an event that was lost is
 * made good by looking for all of them at once, once a second.
 */
final class Waiters {
  private static final Logger LOG = LoggerFactory.getLogger(Waiters.class);
  private static final long EVENT_EXPECTED = Duration.ofSeconds(1).toNanos();
  private static final Duration LOOK_LIMIT = Duration.ofSeconds(5);

  private final Bus bus;
  private final int most;
  private final Semaphore places;
  private final Map<TaskId, Waiter> waiting = new ConcurrentHashMap<>();
  private final AtomicBoolean looking = new AtomicBoolean();

  /**
   * @param most how many requests may be held at once; more are refused
   */
  Waiters(Bus bus, int most) {
    this.bus = bus;
    this.most = most;
    places = new Semaphore(most);
  }

  /**
   * Starts to wait. Comes before the submit, or the end could be missed.
   *
   * @throws Refusal 503 when too many wait already
   */
  Waiter register(TaskId id, Exchange exchange) {
    if (!places.tryAcquire()) {
      throw new Refusal(ApiError.overloaded(most + " requests are being held already."));
    }
    var waiter = new Waiter(id);
    waiting.put(id, waiter);
    exchange.gone().thenRun(waiter::abandon);
    if (exchange.gone().isDone()) {
      throw new ClientGone(); // the abandoned waiter has closed itself
    }
    return waiter;
  }

  /** A task has ended; nobody here may be waiting for it. Does not block. */
  void settled(Task task) {
    Waiter waiter = waiting.get(task.id());
    if (waiter != null && task.state().ended()) {
      waiter.end.complete(Optional.of(task));
    }
  }

  /** Looks for tasks whose end should have been heard of by now. Blocks; one look at a time. */
  void look() throws InterruptedException {
    if (!looking.compareAndSet(false, true)) {
      return;
    }
    try {
      long now = System.nanoTime();
      var overdue =
          waiting.values().stream()
              .filter(waiter -> now - waiter.since > EVENT_EXPECTED)
              .map(waiter -> waiter.id)
              .collect(Collectors.toSet());
      if (!overdue.isEmpty()) {
        bus.ask(new FindTasks(overdue), LOOK_LIMIT).values().forEach(this::settled);
      }
    } catch (Unavailable e) {
      LOG.debug("looking for held tasks: {}", e.getMessage());
    } finally {
      looking.set(false);
    }
  }

  /** Ends every wait as if its time were over. */
  void release() {
    waiting.values().forEach(waiter -> waiter.end.complete(Optional.empty()));
  }

  /** One held request. Closing it gives its place free; closing twice is fine. */
  final class Waiter implements AutoCloseable {
    private final TaskId id;
    private final long since = System.nanoTime();
    private final CompletableFuture<Optional<Task>> end = new CompletableFuture<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    private Waiter(TaskId id) {
      this.id = id;
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

    private void abandon() {
      end.cancel(false);
      close();
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        waiting.remove(id, this);
        places.release();
      }
    }
  }
}
