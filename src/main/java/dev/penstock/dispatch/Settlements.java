package dev.penstock.dispatch;

import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.Awaiting;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.Ending;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.NewChild;
import dev.penstock.core.RetryPolicy;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the store what follows from what runs have returned: their end, another run, or a wait. */
final class Settlements {
  private static final Logger LOG = LoggerFactory.getLogger(Settlements.class);

  /** How long a task waits before it asks again for children that a full store does not take. */
  static final Duration UNTIL_ROOM = Duration.ofSeconds(5);

  private static final Duration NO_COST = Duration.ZERO;

  /**
   * What a postponement by a worker far away costs at least of {@link Outcome.Postpone#MOST}: so
   * there are a thousand of them at most.
   */
  static final Duration LEAST_COST = Outcome.Postpone.MOST.dividedBy(1_000);

  private final TaskStore store;
  private final RetryPolicy retries;
  private final RetryTimes retryTimes;
  private final ChildSpecs children;
  private final int maxLost;
  private final BooleanSupplier full;

  /**
   * @param maxLost how many runs of a task may be lost
   * @param full whether the store takes no new tasks
   */
  Settlements(
      TaskStore store,
      RetryPolicy retries,
      ChildSpecs children,
      int maxLost,
      BooleanSupplier full) {
    this(store, retries, RetryTimes.AS_SET, children, maxLost, full);
  }

  /**
   * @param retryTimes goes before the policy
   * @param maxLost how many runs of a task may be lost
   * @param full whether the store takes no new tasks
   */
  Settlements(
      TaskStore store,
      RetryPolicy retries,
      RetryTimes retryTimes,
      ChildSpecs children,
      int maxLost,
      BooleanSupplier full) {
    this.store = store;
    this.retries = retries;
    this.retryTimes = retryTimes;
    this.children = children;
    this.maxLost = maxLost;
    this.full = full;
  }

  /** Whether the store takes no new tasks. */
  boolean full() {
    return full.getAsBoolean();
  }

  /** What the store was told of a run, and what it did. */
  record Settlement(Settle told, Settled settled) {}

  /** Settles runs that have ended; one answer each, in order. */
  List<Settlement> settle(List<SettleTask> ended) {
    Map<TaskId, Task> known = known(ended);
    List<Settle> told = ended.stream().map(one -> settle(one, known.get(one.id()))).toList();
    List<Settled> settled = store.settle(told);
    List<Settlement> answers = new ArrayList<>(told.size());
    List<Settle> failing = new ArrayList<>();
    for (int i = 0; i < told.size(); i++) {
      answers.add(new Settlement(told.get(i), settled.get(i)));
      switch (settled.get(i)) {
        case Settled.TooManyOpen _ -> failing.add(tooManyOpen(ended.get(i)));
        case Settled.PutOffTooOften _ -> failing.add(putOffTooOften(ended.get(i)));
        case Settled.Now _, Settled.Before _, Settled.Stale _ -> {}
      }
    }
    if (!failing.isEmpty()) {
      var failed = store.settle(failing).iterator();
      var why = failing.iterator();
      answers.replaceAll(one ->
          one.settled() instanceof Settled.TooManyOpen
                  || one.settled() instanceof Settled.PutOffTooOften
              ? new Settlement(why.next(), failed.next())
              : one);
    }
    return answers;
  }

  /** The tasks of which more has to be known: those that may be run again. */
  private Map<TaskId, Task> known(List<SettleTask> ended) {
    List<TaskId> more =
        ended.stream()
            .filter(one ->
                one.outcome() instanceof Outcome.Retry || one.outcome() instanceof Outcome.Await)
            .map(SettleTask::id)
            .toList();
    return more.isEmpty() ? Map.of() : store.findAll(more);
  }

  /**
   * @param task of an outcome that may lead to another run; null: it is not known, or not asked for
   */
  private Settle settle(SettleTask one, @Nullable Task task) {
    return switch (one.outcome()) {
      case Outcome.Done(var output) -> settle(one, new Ending.Completed(output));
      case Outcome.Reject(var error) -> settle(one, new Ending.Failed(error));
      case Outcome.Postpone(var delay) ->
          settle(one, new Ending.Returned(delay, one.begun(), one.far() ? cost(delay) : NO_COST));
      case Outcome.Retry(var error) when error.code() == TaskError.Code.LEASE_LOST ->
          settle(one, new Ending.Died(error, maxLost)); // whoever ran it apart says so
      case Outcome.Retry(var error) -> settle(one, afterFailure(task, error));
      case Outcome.Await await -> await(one, await, task);
    };
  }

  private static Settle settle(SettleTask one, Ending ending) {
    return new Settle(one.id(), one.token(), ending, one.checkpoint());
  }

  /** Another attempt after a wait, or the end when there are none left. */
  private Ending afterFailure(@Nullable Task task, TaskError error) {
    int attempts = task == null ? 1 : task.attempts() + 1;
    return task == null || attempts >= task.spec().maxAttempts()
        ? new Ending.Failed(error)
        : new Ending.Backoff(error, delay(task.spec(), attempts));
  }

  /** As its type says, or the settings where that says nothing that can be. */
  private Duration delay(TaskSpec task, int attempts) {
    try {
      Duration own = retryTimes.after(task.lane(), attempts);
      if (own != null && !own.isNegative() && own.compareTo(Outcome.Postpone.MOST) <= 0) {
        return own;
      }
    } catch (RuntimeException | LinkageError e) {
      LOG.error("type {} does not say when to try again", task.lane().type(), e);
    }
    return retries.delay(attempts, task.maxAttempts(), RandomGenerator.getDefault());
  }

  private Settle await(SettleTask one, Outcome.Await await, @Nullable Task parent) {
    if (parent == null) {
      return settle(one, new Ending.Returned(Duration.ZERO)); // The store says that it is stale.
    }
    if (!await.children().isEmpty() && full.getAsBoolean()) {
      // Asked again later: what the await would have left counts only if it is taken.
      return settle(one, new Ending.Returned(UNTIL_ROOM, true));
    }
    byte[] state = await.checkpoint();
    if (state != null && state.length > TaskHandler.Control.MAX_CHECKPOINT) {
      return fail(
          one,
          "the handler left a checkpoint of %d bytes; %d are allowed"
              .formatted(state.length, TaskHandler.Control.MAX_CHECKPOINT));
    }
    List<NewChild> specs;
    try {
      specs = children.of(parent, await.children());
    } catch (InvalidInput refused) {
      return settle(one, new Ending.Failed(refused.error()));
    }
    var awaiting = new Awaiting(specs, await.wakeAt(), await.atMost(), await.wakeOnFailure());
    return new Settle(
        one.id(), one.token(), new Ending.Waits(awaiting), newest(one.checkpoint(), state));
  }

  private static Duration cost(Duration delay) {
    return delay.compareTo(LEAST_COST) > 0 ? delay : LEAST_COST;
  }

  /** An attempt is spent: it has not failed in what it does, but nobody has done it for long. */
  private Settle putOffTooOften(SettleTask one) {
    var error =
        new TaskError(
            TaskError.Code.OVERLOADED,
            "workers put it off 1,000 times, or for 30 days in all, and did not run it");
    Task task = store.findAll(List.of(one.id())).get(one.id());
    return settle(one, afterFailure(task, error));
  }

  private static Settle tooManyOpen(SettleTask one) {
    return fail(
        one, "the handler asked for more than %d open children".formatted(Outcome.Await.MOST_OPEN));
  }

  private static Settle fail(SettleTask one, String problem) {
    return settle(one, new Ending.Failed(new TaskError(TaskError.Code.HANDLER_FAILED, problem)));
  }

  /**
   * @param said while it ran; null: nothing new
   * @param state what its outcome leaves instead; null: nothing
   */
  private static @Nullable Checkpoint newest(@Nullable Checkpoint said, byte @Nullable [] state) {
    if (state == null) {
      return said;
    }
    return new Checkpoint(state, said == null ? List.of() : said.read());
  }
}
