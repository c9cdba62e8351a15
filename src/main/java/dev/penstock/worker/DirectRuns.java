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
import java.util.concurrent.atomic.AtomicReference;
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

  /**
   * Runs the work and blocks until it has run; answers at once when it does not run. What may wait
   * waits in the model's queue; it passes no tasks that wait for their slots all the same.
   */
  Ran run(RunNow request) throws InterruptedException {
    if (!(handler instanceof Immediate immediate)) {
      return NOT_NOW;
    }
    try (var _ = MDC.putCloseable("task", request.spec().id().value())) {
      Optional<Ran> ran =
          request.mayWait() || immediate.free(request.spec(), request.input())
              ? besideOthers(immediate, request)
              : Optional.empty();
      return ran.isPresent() ? ran.get() : known(immediate, request);
    }
  }

  /** Runs it beside leased work; empty where it was not let in. */
  private Optional<Ran> besideOthers(Immediate immediate, RunNow request) {
    var began = new AtomicReference<@Nullable Long>();
    Run run =
        direct(
            request,
            control ->
                immediate.run(
                    request.spec(),
                    request.input(),
                    control,
                    () -> began.compareAndSet(null, System.nanoTime())));
    try {
      return slots.takeDirect(run) ? Optional.of(execute(run, began)) : Optional.empty();
    } finally {
      slots.drop(run);
    }
  }

  /** Answers what is known. That needs no model, so it passes nobody; only a stop waits for it. */
  private Ran known(Immediate immediate, RunNow request) {
    Run run = direct(request, _ -> immediate.known(request.spec(), request.input()));
    try {
      return slots.takeAside(run) ? execute(run, new AtomicReference<>()) : NOT_NOW;
    } finally {
      slots.drop(run);
    }
  }

  private Run direct(RunNow request, Run.Body body) {
    Instant now = Instant.now();
    Task task = task(request.spec(), TaskState.PROCESSING, now, now, null, null, null);
    return Run.direct(task, request.limit(), body);
  }

  private Ran execute(Run run, AtomicReference<@Nullable Long> began) {
    long from = System.nanoTime();
    Outcome outcome = run.execute().orElse(new Outcome.Postpone(Duration.ZERO));
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    Task begun = run.task();
    Long start = began.get();
    Instant started = begun.createdAt().plusNanos(start == null ? 0 : Math.max(0, start - from));
    return switch (outcome) {
      case Outcome.Done(TaskOutput output) ->
          ended(begun, started, TaskState.COMPLETED, took, output, null);
      case Outcome.Reject(TaskError error) ->
          ended(begun, started, TaskState.FAILED, took, null, error);
      case Outcome.Retry _, Outcome.Postpone _, Outcome.Await _ -> NOT_NOW;
    };
  }

  private Ran ended(
      Task begun,
      Instant started,
      TaskState state,
      Duration took,
      @Nullable TaskOutput output,
      @Nullable TaskError error) {
    board.ended(state == TaskState.COMPLETED);
    return new Ran.Ended(
        task(begun.spec(), state, begun.createdAt(), started, took, output, error));
  }

  private Task task(
      TaskSpec spec,
      TaskState state,
      Instant created,
      Instant started,
      @Nullable Duration took,
      @Nullable TaskOutput output,
      @Nullable TaskError error) {
    Instant finished = took == null ? null : created.plus(took);
    int attempts = state.ended() ? 1 : 0;
    return new Task(
        spec, state, attempts, 0, null, created, started, finished, worker, error, output);
  }
}
