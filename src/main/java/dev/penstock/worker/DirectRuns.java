package dev.penstock.worker;

import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.core.Immediate;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Runs work of a lane that nobody leased and nothing stores: a held request's, as long as it need
 * not wait. It meets leased work in the model's queue and takes its turns there, unless its result
 * is known.
 */
final class DirectRuns {
  private static final Ran NOT_NOW = new Ran.NotNow();

  private final TaskHandler handler;
  private final String worker;
  private final RunSlots slots;
  private final WorkerBoard board;

  DirectRuns(TaskHandler handler, String worker, RunSlots slots, WorkerBoard board) {
    this.handler = handler;
    this.worker = worker;
    this.slots = slots;
    this.board = board;
  }

  /** Runs the work and blocks until it has run; answers at once when it does not run. */
  Ran run(RunNow request) throws InterruptedException {
    if (!(handler instanceof Immediate immediate)) {
      return NOT_NOW;
    }
    try (var _ = MDC.putCloseable("task", request.spec().id().value())) {
      Optional<Ran> ran =
          immediate.free(request.spec(), request.input())
              ? besideOthers(immediate, request)
              : Optional.empty();
      return ran.isPresent() ? ran.get() : known(immediate, request);
    }
  }

  /** Runs it beside leased work; empty where it was not let in. */
  private Optional<Ran> besideOthers(Immediate immediate, RunNow request) {
    Run run = direct(request, control -> immediate.run(request.spec(), request.input(), control));
    try {
      return slots.takeDirect(run) ? Optional.of(execute(run)) : Optional.empty();
    } finally {
      slots.drop(run);
    }
  }

  /** Answers what is known. That needs no model, so it passes nobody; only a stop waits for it. */
  private Ran known(Immediate immediate, RunNow request) {
    Run run = direct(request, _ -> immediate.known(request.spec(), request.input()));
    try {
      return slots.takeAside(run) ? execute(run) : NOT_NOW;
    } finally {
      slots.drop(run);
    }
  }

  private Run direct(RunNow request, Run.Body body) {
    Task task = task(request.spec(), TaskState.PROCESSING, Instant.now(), null, null);
    return Run.direct(task, request.limit(), body);
  }

  private Ran execute(Run run) {
    Outcome outcome = run.execute().orElse(new Outcome.Postpone(Duration.ZERO));
    Task begun = run.task();
    return switch (outcome) {
      case Outcome.Done(TaskOutput output) -> ended(begun, TaskState.COMPLETED, output, null);
      case Outcome.Reject(TaskError error) -> ended(begun, TaskState.FAILED, null, error);
      case Outcome.Retry _, Outcome.Postpone _, Outcome.Await _ -> NOT_NOW;
    };
  }

  private Ran ended(
      Task begun, TaskState state, @Nullable TaskOutput output, @Nullable TaskError error) {
    board.ended(state == TaskState.COMPLETED);
    return new Ran.Ended(task(begun.spec(), state, begun.createdAt(), output, error));
  }

  private Task task(
      TaskSpec spec,
      TaskState state,
      Instant began,
      @Nullable TaskOutput output,
      @Nullable TaskError error) {
    Instant finished = state.ended() ? Instant.now() : null;
    int attempts = state.ended() ? 1 : 0;
    return new Task(spec, state, attempts, 0, null, began, began, finished, worker, error, output);
  }
}
