package dev.penstock.http;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.Unavailable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Hands tasks to the dispatcher. */
final class Submitter {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Bus bus;

  Submitter(Bus bus) {
    this.bus = bus;
  }

  /** Submits one task, or throws the {@link Refusal}. */
  void submit(TaskSpec spec) throws InterruptedException {
    submit(List.of(spec))
        .getFirst()
        .ifPresent(error -> {
          throw new Refusal(ApiError.of(error));
        });
  }

  /**
   * Submits tasks; for each, in order, why it was refused. Asks a second time when it is not known
   * whether the first was heard: the ids are ours, so that makes no second task.
   *
   * @throws Unavailable when there was no answer
   */
  List<Optional<TaskError>> submit(List<TaskSpec> specs) throws InterruptedException {
    var request = new SubmitTasks(specs);
    try {
      return bus.ask(request, LIMIT).refusals();
    } catch (Unavailable e) {
      if (e.surelyNotDone()) {
        throw e;
      }
      return bus.ask(request, LIMIT).refusals();
    }
  }
}
