package dev.penstock.bus;

import dev.penstock.task.Lane;
import dev.penstock.task.LeasedTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A question to another part of this process, and the type of its answer. Requests travel by
 * reference and never leave the process.
 *
 * @param <R> the answer
 */
public sealed interface Request<R> {

  /** Keep these tasks and run them. One answer each, in order. */
  record SubmitTasks(List<TaskSpec> specs) implements Request<Submitted> {
    public SubmitTasks {
      specs = List.copyOf(specs);
    }
  }

  /** For each task why it was refused; empty where it was accepted. */
  record Submitted(List<Optional<TaskError>> refusals) {}

  /**
   * Work for one worker from one lane; waits at most {@code patience} for the first task.
   *
   * @param suspects what to do with tasks that lost a lease
   */
  record LeaseTasks(
      String worker,
      Lane lane,
      int tasks,
      long bytes,
      Priority least,
      Suspects suspects,
      Duration patience)
      implements Request<Leased> {}

  /** What a worker wants of tasks that lost a lease and may bring their neighbours down. */
  enum Suspects {
    /** It has no use for them now. */
    LEAVE,
    /** It wants to know whether one waits. */
    SHOW,
    /** It runs nothing else and takes one. */
    TAKE
  }

  /**
   * @param suspectWaiting a task that lost a lease is next: ask for it with {@link Suspects#TAKE}
   */
  record Leased(List<LeasedTask> tasks, boolean suspectWaiting) {}

  /** The worker still runs these. */
  record ExtendLeases(String worker, List<Held> held) implements Request<Extended> {}

  record Held(TaskId id, String token, @Nullable Progress progress) {}

  /**
   * @param lost the tasks that are not the worker's any more: it should stop them
   */
  record Extended(Set<TaskId> lost) {}

  /** A run has ended. */
  record SettleTask(TaskId id, String token, Outcome outcome) implements Request<SettleReply> {}

  enum SettleReply {
    SETTLED,
    REPEATED,
    STALE
  }

  /** One task, whoever owns it: the asker checks. */
  record FindTask(TaskId id) implements Request<Optional<Task>> {}

  /** Several tasks, without their inputs; unknown ones are left out. */
  record FindTasks(Set<TaskId> ids) implements Request<Map<TaskId, Task>> {}

  /** How much work there is. At most a second old. */
  record ReadFigures() implements Request<Figures> {}

  record Figures(Map<TaskState, Long> states, List<LaneFigures> lanes) {}

  record LaneFigures(
      Lane lane, long ready, long scheduled, long running, @Nullable Instant oldest) {}

  /** Is the queue and store able to take work? */
  record ReadDispatchHealth() implements Request<List<Part>> {}

  /** Are the models able to run it? */
  record ReadInferenceHealth() implements Request<List<Part>> {}

  /** One named part of the program and whether it works. */
  record Part(String name, boolean ok, String message) {}
}
