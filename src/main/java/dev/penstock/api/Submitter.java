package dev.penstock.api;

import dev.penstock.api.Waiters.Waiter;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.core.Glance;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Share;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Hands tasks to the dispatcher, and waits for their ends where that is wished. */
final class Submitter {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Bus bus;
  private final Waiters waiters;

  Submitter(Bus bus, Waiters waiters) {
    this.bus = bus;
    this.waiters = waiters;
  }

  /**
   * What came of a submit.
   *
   * @param id the task that is meant
   * @param earlier the earlier task that is meant, as it was then
   * @param ended empty: it has not ended in time
   * @param createdAt of a new task that was not waited for, as it is stored
   */
  record Submitted(
      TaskId id, Optional<Task> earlier, Optional<Task> ended, Optional<Instant> createdAt) {
    Submitted(TaskId id, Optional<Task> earlier, Optional<Task> ended) {
      this(id, earlier, ended, Optional.empty());
    }
  }

  /** See {@link Waiters#place}. */
  Share.Held place(Exchange exchange) {
    return waiters.place(exchange);
  }

  /**
   * Submits one task and waits for its end, or throws the {@link Refusal}.
   *
   * @param hold not positive: does not wait
   * @param theirsOnly see {@link Waiters#register}
   */
  Submitted submit(TaskSpec spec, Duration hold, Exchange exchange, boolean theirsOnly)
      throws InterruptedException {
    if (!hold.isPositive()) {
      return switch (taken(spec)) {
        case Submission.Accepted(Instant created) ->
            new Submitted(spec.id(), Optional.empty(), Optional.empty(), Optional.of(created));
        case Submission.Earlier(Task task) -> {
          Optional<Task> earlier = Optional.of(task);
          yield new Submitted(task.id(), earlier, earlier.filter(it -> it.state().ended()));
        }
        case Submission.Refused(var error) -> throw new Refusal(ApiError.of(error));
      };
    }
    try (var waiter = waiters.register(spec.id(), exchange, theirsOnly)) {
      Optional<Task> earlier = submit(spec, waiter);
      if (earlier.isPresent()) {
        waiter.follow(earlier.get());
      }
      Optional<Task> ended = waiter.await(hold);
      if (ended.isEmpty()) {
        waiter.promise();
      }
      return new Submitted(waiter.id(), earlier, ended);
    }
  }

  /**
   * A task that was submitted, and who waits for it.
   *
   * @param earlier the earlier task that is meant, as it was then
   */
  record Begun(Waiter waiter, Optional<Task> earlier) {}

  /** Submits one task that its caller itself waits for, and lets go of by closing the waiter. */
  Begun begin(TaskSpec spec, Exchange exchange, boolean theirsOnly) throws InterruptedException {
    Waiter waiter = waiters.register(spec.id(), exchange, theirsOnly);
    try {
      Optional<Task> earlier = submit(spec, waiter);
      if (earlier.isPresent()) {
        waiter.follow(earlier.get());
      }
      return new Begun(waiter, earlier);
    } catch (InterruptedException | RuntimeException | Error e) {
      waiter.close();
      throw e;
    }
  }

  /**
   * What was surely refused leaves nothing behind; what may have been accepted is to be dropped.
   */
  private Optional<Task> submit(TaskSpec spec, Waiter waiter) throws InterruptedException {
    try {
      return submit(spec);
    } catch (Refusal refusal) {
      waiter.forget();
      throw refusal;
    } catch (Unavailable e) {
      if (e.surelyNotDone()) {
        waiter.forget();
      }
      throw e;
    }
  }

  private Submission taken(TaskSpec spec) throws InterruptedException {
    return submit(List.of(spec)).getFirst();
  }

  private Optional<Task> submit(TaskSpec spec) throws InterruptedException {
    return switch (taken(spec)) {
      case Submission.Accepted _ -> Optional.empty();
      case Submission.Earlier(var task) -> Optional.of(task);
      case Submission.Refused(var error) -> throw new Refusal(ApiError.of(error));
    };
  }

  /**
   * Submits tasks; what became of each, in order. Asks a second time when it is not known whether
   * the first was heard: the ids are ours, so that makes no second task.
   *
   * @throws Unavailable when there was no answer
   */
  List<Submission> submit(List<TaskSpec> specs) throws InterruptedException {
    return submit(bus, specs);
  }

  /** The task as it is now, without what may be long of it; null when it is no more. */
  @Nullable Task find(TaskId id) throws InterruptedException {
    @Nullable Glance seen = bus.ask(new GlanceAtTasks(Set.of(id)), LIMIT).get(id);
    return seen == null ? null : seen.task();
  }

  /**
   * The task with its result, for which the exchange holds room: a long one may have been left
   * where it is until there is.
   */
  Task withResult(Exchange exchange, Task task) throws InterruptedException {
    TaskOutput output = task.output();
    if (output != null) {
      exchange.hold(output.bytes().length);
      return task;
    }
    if (task.state() != TaskState.COMPLETED) {
      return task;
    }
    @Nullable Glance seen = bus.ask(new GlanceAtTasks(Set.of(task.id())), LIMIT).get(task.id());
    if (seen == null) {
      throw new Refusal(ApiError.noSuchTask()); // it has gone meanwhile
    }
    if (!seen.without()) {
      return seen.task();
    }
    // Twice: whoever brings it has a copy of his own for a moment.
    exchange.hold(2 * seen.resultBytes());
    @Nullable Task whole = bus.ask(new FindTasks(Set.of(task.id())), LIMIT).get(task.id());
    exchange.letGo(seen.resultBytes());
    if (whole == null) {
      throw new Refusal(ApiError.noSuchTask());
    }
    return whole;
  }

  /** As the other one, for who has no waiters. */
  static List<Submission> submit(Bus bus, List<TaskSpec> specs) throws InterruptedException {
    var request = new SubmitTasks(specs);
    try {
      return bus.ask(request, LIMIT).answers();
    } catch (Unavailable e) {
      if (e.surelyNotDone()) {
        throw e;
      }
    }
    try {
      return bus.ask(request, LIMIT).answers();
    } catch (Unavailable e) {
      // A refusal of the repetition says nothing of the first time.
      throw Unavailable.unknown(String.valueOf(e.getMessage()), e);
    }
  }
}
