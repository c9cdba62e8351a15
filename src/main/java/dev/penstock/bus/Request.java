package dev.penstock.bus;

import dev.penstock.core.CancelResult;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.Part;
import dev.penstock.core.ReadInput;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.core.WorkerFigures;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
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

  record Submitted(List<Submission> answers) {}

  /** What became of one submitted task. */
  sealed interface Submission {
    /**
     * It is taken.
     *
     * @param createdAt as the store has it
     */
    record Accepted(Instant createdAt) implements Submission {}

    /**
     * An earlier task is meant (see {@link Identity}); nothing was added. It comes without its
     * input, with its output when it has one that is not long: see {@link Glance}.
     */
    record Earlier(Task task) implements Submission {}

    record Refused(TaskError error) implements Submission {}
  }

  /**
   * Work for one worker from one lane; waits at most {@code patience} for the first task.
   *
   * @param suspects what to do with tasks whose processes died
   * @param owners whose tasks it may have; empty: anybody's
   */
  record LeaseTasks(
      String worker,
      Lane lane,
      int tasks,
      long bytes,
      Priority least,
      Suspects suspects,
      Duration patience,
      Set<String> owners)
      implements Request<Leased> {

    /** Anybody's tasks. */
    public LeaseTasks(
        String worker,
        Lane lane,
        int tasks,
        long bytes,
        Priority least,
        Suspects suspects,
        Duration patience) {
      this(worker, lane, tasks, bytes, least, suspects, patience, Set.of());
    }
  }

  /** What a worker wants of tasks whose processes died, which may bring their neighbours down. */
  enum Suspects {
    /** It has no use for them now. */
    LEAVE,
    /** It wants to know whether one waits. */
    SHOW,
    /** It runs nothing else and takes one, or whatever else comes next. */
    TAKE,
    /** It takes nothing but those, and runs them in a process apart. */
    APART
  }

  /**
   * Tasks are the asker's until their leases end.
   *
   * @param suspectWaiting a suspect is next: ask for it with {@link Suspects#APART} or {@link
   *     Suspects#TAKE}
   */
  record Leased(List<LeasedTask> tasks, boolean suspectWaiting) {}

  /**
   * The worker still runs these. Their leases last longer, except those that were lost: the answer
   * is the tasks that are not the worker's any more, which it should stop.
   */
  record ExtendLeases(String worker, List<HeldLease> held) implements Request<Set<TaskId>> {}

  /** Runs have ended; a reply for each, in order. */
  record SettleTasks(List<SettleTask> ended) implements Request<List<SettleReply>> {
    public SettleTasks {
      ended = List.copyOf(ended);
    }
  }

  /**
   * A run has ended.
   *
   * @param lane the task's; null: who settles was not told
   * @param checkpoint what it left for another run; null: nothing new
   * @param begun of one that is put off: whether it had begun all the same, and was cut short
   * @param far whether it ran outside of the nodes, where nobody believes that it has to be put off
   *     again and again
   */
  record SettleTask(
      TaskId id,
      @Nullable Lane lane,
      String token,
      Outcome outcome,
      @Nullable Checkpoint checkpoint,
      boolean begun,
      boolean far) {

    /** Of a run on a node. */
    public SettleTask(
        TaskId id,
        @Nullable Lane lane,
        String token,
        Outcome outcome,
        @Nullable Checkpoint checkpoint,
        boolean begun) {
      this(id, lane, token, outcome, checkpoint, begun, false);
    }

    /** The same, of a run far away. */
    public SettleTask fromFar() {
      return new SettleTask(id, lane, token, outcome, checkpoint, begun, true);
    }

    /** Of a run that was not cut short. */
    public SettleTask(
        TaskId id,
        @Nullable Lane lane,
        String token,
        Outcome outcome,
        @Nullable Checkpoint checkpoint) {
      this(id, lane, token, outcome, checkpoint, false);
    }

    /** Of a run that left nothing new. */
    public SettleTask(TaskId id, @Nullable Lane lane, String token, Outcome outcome) {
      this(id, lane, token, outcome, null);
    }

    /** Nobody has run it: others may, and no attempt is spent. */
    public static SettleTask unrun(LeasedTask leased) {
      Task task = leased.task();
      var postpone = new Outcome.Postpone(Duration.ZERO);
      return new SettleTask(task.id(), task.spec().lane(), leased.lease().token(), postpone);
    }
  }

  enum SettleReply {
    SETTLED,
    REPEATED,
    STALE,
    /** Nobody knows what became of this one: to be asked again. */
    UNANSWERED
  }

  /**
   * Work that may be run without a task, as long as it need not wait: nothing of it is stored, and
   * its result goes to who asks. {@link Event.RunCancelled} with its id stops it.
   *
   * @param spec without its input
   * @param input as its type has read it
   * @param limit how long it may run
   * @param mayWait whether it may wait for its model, as a task would: no task can be made of it
   */
  record RunNow(TaskSpec spec, ReadInput input, Duration limit, boolean mayWait)
      implements Request<Ran> {

    /** At once or not at all. */
    public RunNow(TaskSpec spec, ReadInput input, Duration limit) {
      this(spec, input, limit, false);
    }
  }

  /** What became of {@link RunNow}. */
  sealed interface Ran {
    /** As the ended task that it would have been, its input left out: completed or failed. */
    record Ended(Task task) implements Ran {}

    /** It would have had to wait, or has to be tried again: a matter for a task. */
    record NotNow() implements Ran {}
  }

  /** Count this, which ended without ever having been a task. */
  record CountRun(Task ended) implements Request<Boolean> {}

  /** One task, whole, whoever owns it: the asker checks. */
  record FindTask(TaskId id) implements Request<Optional<Task>> {}

  /** What a task went through, oldest first; the newest {@link Step#MOST} of it. */
  record FindSteps(TaskId id) implements Request<List<Step>> {}

  /** Tasks, newest first, from the one after {@code after} on. An unknown one: from the newest. */
  record ListTasks(TaskFilter filter, @Nullable TaskId after, int limit)
      implements Request<TaskPage> {}

  /** Ends a task that has not ended; its run, if there is one, is told to stop. */
  record CancelTask(TaskId id) implements Request<CancelResult> {}

  /**
   * Makes a failed or cancelled task pending again, with all its attempts before it; it comes
   * without its input.
   *
   * @param startBefore by when it is to begin: one that has expired needs it; null: as it was to
   */
  record RetryTask(TaskId id, @Nullable Instant startBefore) implements Request<RetryResult> {

    /** To begin as it was to. */
    public RetryTask(TaskId id) {
      this(id, null);
    }
  }

  /** Cancels tasks of the filter that have not ended, newest first. */
  record CancelTasks(TaskFilter filter) implements Request<Swept> {}

  /**
   * Retries failed and cancelled tasks of the filter, newest first. Without a new time those are
   * left out that have expired.
   *
   * @param startBefore by when all of them are to begin; null: as they were to
   */
  record RetryTasks(TaskFilter filter, @Nullable Instant startBefore) implements Request<Swept> {

    /** To begin as they were to. */
    public RetryTasks(TaskFilter filter) {
      this(filter, null);
    }
  }

  /** Deletes a task that has ended, with all that belongs to it. */
  record DeleteTask(TaskId id) implements Request<DeleteResult> {}

  /** Deletes ended tasks of the filter, newest first. */
  record DeleteTasks(TaskFilter filter) implements Request<Swept> {}

  /** Cancels the pending tasks of a lane, scheduled ones too, whoever owns them. */
  record PurgeLane(Lane lane) implements Request<Swept> {}

  /**
   * A task's children that have ended and are not read, by id, from the one after {@code after} on
   * (null: from the first), with their results: at most {@code limit}.
   *
   * @param token of the lease under which the task's run asks; what is far away checks it
   */
  record FindChildren(TaskId parent, String token, @Nullable TaskId after, int limit)
      implements Request<EndedChildren> {

    /** Of who is believed without a lease. */
    public FindChildren(TaskId parent, @Nullable TaskId after, int limit) {
      this(parent, "", after, limit);
    }
  }

  /**
   * The run that pieces come from.
   *
   * @param run which of the task's runs; 0: it is not known
   */
  record Emitter(TaskId id, String token, long run) {}

  /**
   * Pieces of a run's result, for whoever listens, numbered from {@code offset} on; what is known
   * already is left out. Never waits for a listener. False: a later run has begun.
   *
   * @param resumed the run goes on from where an earlier one was; else the first is number 0
   * @param pieces one JSON value each; may be empty: the run will go on at {@code offset}
   */
  record PutPieces(Emitter emitter, boolean resumed, long offset, List<byte[]> pieces)
      implements Request<Boolean> {
    public PutPieces {
      pieces = List.copyOf(pieces);
    }
  }

  /**
   * A run emits no more.
   *
   * @param count how many pieces the result has; -1: the run said nothing of pieces
   * @param done whether it brought the task's result
   */
  record EndPieces(Emitter emitter, long count, boolean done) implements Request<Boolean> {}

  /**
   * The pieces from {@code from} on, as many as anybody still has of the run before; who asks may
   * go on behind them. Waits no longer than {@code patience}.
   */
  record HeardPieces(Emitter emitter, long from, Duration patience)
      implements Request<List<byte[]>> {}

  /**
   * How many tasks were changed.
   *
   * @param more there were too many for one go: ask again
   * @param cut a text was looked for in the newest tasks only: older ones may match too
   */
  record Swept(long tasks, boolean more, boolean cut) {
    public Swept(long tasks, boolean more) {
      this(tasks, more, false);
    }
  }

  /** A paused lane takes tasks and gives none out; what runs goes on. Durable. */
  record PauseLane(Lane lane, boolean paused) implements Request<Boolean> {}

  /** Several tasks, without their inputs; unknown ones are left out. */
  record FindTasks(Set<TaskId> ids) implements Request<Map<TaskId, Task>> {}

  /** Several tasks, without what may be long of them; unknown ones are left out. */
  record GlanceAtTasks(Set<TaskId> ids) implements Request<Map<TaskId, Glance>> {}

  /** How much work there is. At most a second old. */
  record ReadFigures() implements Request<Figures> {}

  record Figures(Map<TaskState, Long> states, List<LaneFigures> lanes) {}

  /**
   * One of the lanes that have live or failed tasks, had some in the last minute, or are paused.
   *
   * @param lastMinute what happened on it within the last 60 s
   */
  record LaneFigures(LaneCounts counts, boolean paused, LaneMinute lastMinute) {
    public Lane lane() {
      return counts.lane();
    }
  }

  /** What happened, minute by minute, oldest first; minutes in which nothing did are left out. */
  record ReadHistory(Duration last) implements Request<List<LaneMinute>> {}

  /** The nodes and remote workers that were seen lately, by name. */
  record ReadWorkers() implements Request<List<WorkerFigures>> {}

  /** Is the queue and store able to take work? */
  record ReadDispatchHealth() implements Request<List<Part>> {}

  /** Is this node among the others of its cluster? Served where there is one. */
  record ReadClusterHealth() implements Request<List<Part>> {}

  /** Are the models able to run it? */
  record ReadInferenceHealth() implements Request<List<Part>> {}
}
