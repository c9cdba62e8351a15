package dev.penstock.dispatch;

import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs that take longer than their tasks allow. A worker ends its own; these are of one that did
 * not, for it is stuck or counts no time. Time is this node's own, from when it gave the task out
 * or first heard of the run, so that no clock that is wrong or set anew ends one.
 */
final class Overruns {
  /**
   * A run ended here may still be settled by its worker, which has to hear that it came too late.
   */
  private static final int ENDED_FOR = 20;

  private final Duration lease;
  private final Duration grace;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final ConcurrentMap<String, Watched> runs = new ConcurrentHashMap<>();

  /** Tokens of runs that were ended here, and until when to know them. */
  private final ConcurrentMap<String, Long> ended = new ConcurrentHashMap<>();

  /**
   * A run.
   *
   * @param leasedAt by the store's clock
   * @param since by this node's
   * @param heardAt when it was last extended
   */
  private record Watched(Duration limit, @Nullable Instant leasedAt, long since, long heardAt) {}

  /**
   * @param lease how long a lease lasts that is not extended; a third of that a worker has beyond
   *     the limit to say itself how its run ended
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  Overruns(Duration lease, InstantSource clock, LongSupplier nanoTime) {
    this.lease = lease;
    this.grace = lease.dividedBy(3);
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  void leased(LeasedTask leased) {
    long now = nanoTime.getAsLong();
    runs.put(leased.lease().token(), watched(leased.task(), now, now));
  }

  private static Watched watched(Task task, long since, long now) {
    return new Watched(task.spec().timeout(), task.startedAt(), since, now);
  }

  /**
   * What to settle of runs that are too long, before their leases are extended.
   *
   * @param store finds tasks
   */
  List<SettleTask> among(
      List<HeldLease> held, Function<Collection<TaskId>, Map<TaskId, Task>> store) {
    meet(held.stream().filter(each -> !runs.containsKey(each.token())).toList(), store);
    long now = nanoTime.getAsLong();
    List<SettleTask> over = new ArrayList<>();
    for (HeldLease each : held) {
      Watched run =
          runs.computeIfPresent(
              each.token(), (_, it) -> new Watched(it.limit(), it.leasedAt(), it.since(), now));
      if (run != null && isOver(run, each, now)) {
        var error =
            new TaskError(
                TaskError.Code.TIMEOUT, "did not finish within " + run.limit().toSeconds() + " s");
        over.add(
            new SettleTask(
                each.id(), null, each.token(), new Outcome.Retry(error), each.checkpoint()));
      }
    }
    return over;
  }

  private boolean isOver(Watched run, HeldLease held, long now) {
    Duration stood =
        held.begun() == null || run.leasedAt() == null
            ? Duration.ZERO
            : Duration.between(run.leasedAt(), held.begun());
    Duration passed = Duration.ofNanos(now - run.since());
    Duration counted = stood.isNegative() ? passed : passed.minus(stood);
    return counted.compareTo(run.limit().plus(grace)) > 0;
  }

  /** Runs that another node gave out, or that this one did before it was started again. */
  private void meet(
      List<HeldLease> unknown, Function<Collection<TaskId>, Map<TaskId, Task>> store) {
    if (unknown.isEmpty()) {
      return;
    }
    Map<TaskId, Task> found = store.apply(unknown.stream().map(HeldLease::id).toList());
    long now = nanoTime.getAsLong();
    for (HeldLease each : unknown) {
      Task task = found.get(each.id());
      if (task != null && !ended.containsKey(each.token())) {
        runs.putIfAbsent(each.token(), watched(task, now - ranBefore(task).toNanos(), now));
      }
    }
  }

  /** At most as long as a lease: longer than that it would have been extended. */
  private Duration ranBefore(Task task) {
    Instant began = task.startedAt();
    Duration ran = began == null ? Duration.ZERO : Duration.between(began, clock.instant());
    if (ran.isNegative()) {
      return Duration.ZERO;
    }
    return ran.compareTo(lease) < 0 ? ran : lease;
  }

  /** The run was ended as too long. */
  void ended(String token) {
    runs.remove(token);
    ended.put(token, nanoTime.getAsLong() + lease.toNanos() * ENDED_FOR);
  }

  /** Whether the run was ended as too long, not long ago. */
  boolean wasEnded(String token) {
    return ended.containsKey(token);
  }

  void forget(String token) {
    runs.remove(token);
  }

  /** Forgets runs that somebody else has settled, or nobody extends any more. */
  void tidy() {
    long now = nanoTime.getAsLong();
    runs.values().removeIf(run -> now - run.heardAt() > 2 * lease.toNanos());
    ended.values().removeIf(until -> now - until > 0);
  }
}
