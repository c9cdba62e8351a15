package dev.penstock.api;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.RunCancelled;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.core.ReadInput;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Task;
import dev.penstock.web.ClientGone;
import dev.penstock.web.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Held requests that a model of this node answers at once: nothing is stored. Equal ones share a
 * run, which is on the thread of the first. One whose last request has gone is stopped after a
 * while, as a task would be.
 */
final class DirectAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(DirectAnswers.class);

  private final Bus bus;
  private final long abandonAfter;

  /** Those under way that others may join. Guarded by itself. */
  private final Map<Key, Run> runs = new HashMap<>();

  /** All under way: one that a more urgent one has taken the place of too. Guarded by the runs. */
  private final Set<Run> underWay = new HashSet<>();

  /**
   * What makes requests equal: its files are part of a model's specification.
   *
   * @param hash of the rest, made once: the work may be large
   */
  private record Key(int hash, String owner, ModelSpec model, ReadInput input) {
    static Key of(String owner, ModelSpec model, ReadInput input) {
      return new Key(Objects.hash(owner, model, input), owner, model, input);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /** One run and those who wait for it. Guarded by {@link #runs}, its end apart. */
  private static final class Run {
    final RunNow request;
    final CompletableFuture<Optional<Task>> end = new CompletableFuture<>();
    int waiting;
    long emptySince;

    Run(RunNow request) {
      this.request = request;
    }

    boolean asUrgentAs(RunNow other) {
      return request.spec().priority().compareTo(other.spec().priority()) >= 0;
    }
  }

  /**
   * @param abandonAfter how long work goes on that nobody waits for
   */
  DirectAnswers(Bus bus, Duration abandonAfter) {
    this.bus = bus;
    this.abandonAfter = abandonAfter.toNanos();
  }

  /**
   * The work as an ended task, run now; empty when it has to become a task: it would have to wait,
   * or has waited for as long as it may.
   *
   * @throws ClientGone when nobody waits any more
   */
  Optional<Task> run(RunNow request, ModelSpec model, Exchange exchange)
      throws InterruptedException {
    Key key = Key.of(request.spec().owner(), model, request.input());
    Run own = new Run(request);
    Run run = join(key, own);
    var left = new AtomicBoolean();
    var _ = exchange.gone().thenRun(() -> leave(run, left));
    try {
      Optional<Task> ended = run == own ? lead(key, own, exchange) : follow(run, exchange);
      if (exchange.gone().isDone()) {
        throw new ClientGone();
      }
      return ended;
    } finally {
      leave(run, left);
    }
  }

  /** One that is under way and no less urgent, or a new one. */
  private Run join(Key key, Run own) {
    synchronized (runs) {
      Run known = runs.get(key);
      Run run = known != null && known.asUrgentAs(own.request) ? known : own;
      runs.put(key, run);
      underWay.add(run);
      run.waiting++;
      return run;
    }
  }

  private void leave(Run run, AtomicBoolean left) {
    if (left.compareAndSet(false, true)) {
      synchronized (runs) {
        run.waiting--;
        run.emptySince = System.nanoTime();
      }
    }
  }

  private Optional<Task> lead(Key key, Run own, Exchange exchange) {
    Optional<Task> ended = Optional.empty();
    try {
      if (!exchange.gone().isDone() && bus.call(own.request) instanceof Ran.Ended(Task task)) {
        ended = Optional.of(task);
      }
    } catch (Unavailable e) {
      LOG.debug("no model runs here: {}", e.getMessage());
    } catch (RuntimeException | Error e) {
      LOG.error("a direct run failed", e);
    } finally {
      synchronized (runs) {
        runs.remove(key, own);
        underWay.remove(own);
      }
      own.end.complete(ended);
    }
    return ended;
  }

  private static Optional<Task> follow(Run run, Exchange exchange) throws InterruptedException {
    CompletableFuture<Optional<Task>> mine = run.end.copy();
    var _ = exchange.gone().thenRun(() -> mine.cancel(false));
    try {
      return mine.get(run.request.limit().toNanos(), TimeUnit.NANOSECONDS);
    } catch (CancellationException e) {
      throw new ClientGone();
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Stops what nobody has waited for long enough; told again until it ends, for it may not have
   * begun. Does not block.
   */
  void drop() {
    long now = System.nanoTime();
    List<Run> abandoned = new ArrayList<>();
    synchronized (runs) {
      for (Run run : underWay) {
        if (run.waiting == 0 && now - run.emptySince >= abandonAfter) {
          abandoned.add(run);
        }
      }
      runs.values().removeAll(abandoned); // whoever comes now has a run of its own
    }
    abandoned.forEach(run -> bus.tell(bus.node(), new RunCancelled(run.request.spec().id())));
  }
}
