package dev.penstock.http;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.task.Task;
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

  /**
   * Submits one task, or throws the {@link Refusal}.
   *
   * @return the earlier task that is meant in place of it, if there is one
   */
  Optional<Task> submit(TaskSpec spec) throws InterruptedException {
    return switch (submit(List.of(spec)).getFirst()) {
      case Submission.Accepted() -> Optional.empty();
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
    var request = new SubmitTasks(specs);
    try {
      return bus.ask(request, LIMIT).answers();
    } catch (Unavailable e) {
      if (e.surelyNotDone()) {
        throw e;
      }
      return bus.ask(request, LIMIT).answers();
    }
  }
}
