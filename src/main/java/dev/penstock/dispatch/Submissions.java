package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Submitted;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskSpec;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes tasks in: into the store, then into the queue. Repeating a submit makes no second task. */
final class Submissions {
  private static final TaskError CANNOT_WRITE =
      new TaskError(Code.UNAVAILABLE, "the task store cannot write");

  private static final Submission CONFLICT =
      refusal(
          Code.IDEMPOTENCY_CONFLICT, "This Idempotency-Key belongs to a task with other content.");

  private static final Logger LOG = LoggerFactory.getLogger(Submissions.class);

  private final TaskStore store;
  private final TaskQueue queue;
  private final Recorder recorder;
  private final InstantSource clock;
  private final Unsent unsent;
  private final StoreRoom room;

  Submissions(
      TaskStore store,
      TaskQueue queue,
      Recorder recorder,
      InstantSource clock,
      Unsent unsent,
      StoreRoom room) {
    this.unsent = unsent;
    this.room = room;
    this.store = store;
    this.queue = queue;
    this.recorder = recorder;
    this.clock = clock;
  }

  Submitted submit(SubmitTasks request) {
    List<TaskSpec> specs = request.specs();
    TaskError noRoom =
        specs.stream()
            .map(TaskSpec::owner)
            .distinct()
            .map(room::refusal)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
    if (noRoom != null) {
      return known(specs, noRoom);
    }
    List<Inserted> inserted;
    try {
      inserted = insert(specs);
    } catch (Unavailable e) {
      LOG.warn("tasks refused: {}; {}", specs.size(), e.getMessage());
      if (!e.surelyNotDone()) {
        return refuse(specs, CANNOT_WRITE);
      }
      return known(specs, store.fullness().isPresent() ? StoreRoom.refused() : CANNOT_WRITE);
    }
    List<TaskSpec> kept = new ArrayList<>(specs.size());
    for (int i = 0; i < specs.size(); i++) {
      if (inserted.get(i) instanceof Inserted.Kept) {
        kept.add(specs.get(i));
      }
    }
    room.taken(kept);
    BiFunction<TaskSpec, Instant, Submission> fate = enqueue(kept);
    List<Submission> answers = new ArrayList<>(specs.size());
    for (int i = 0; i < specs.size(); i++) {
      answers.add(
          switch (inserted.get(i)) {
            case Inserted.Kept(Instant created) -> fate.apply(specs.get(i), created);
            case Inserted.Earlier(var task) -> new Submission.Earlier(task);
            case Inserted.Conflict() -> CONFLICT;
          });
    }
    return new Submitted(answers);
  }

  private List<Inserted> insert(List<TaskSpec> specs) {
    try {
      return Repeat.whileUnknown(() -> store.insert(specs));
    } catch (Unavailable e) {
      if (!e.surelyNotDone() || store.fullness().isEmpty() || !room.makeForSubmit()) {
        throw e;
      }
      return Repeat.whileUnknown(() -> store.insert(specs));
    }
  }

  /** Answers what means a task that is there already: that needs no room. The rest is refused. */
  private Submitted known(List<TaskSpec> specs, TaskError why) {
    List<Optional<Inserted>> meant;
    try {
      meant = store.meant(specs);
    } catch (Unavailable e) {
      LOG.debug("nothing can be looked up: {}", e.getMessage());
      return refuse(specs, why);
    }
    List<Submission> answers = new ArrayList<>(specs.size());
    for (int i = 0; i < specs.size(); i++) {
      answers.add(known(specs.get(i), meant.get(i), why));
    }
    return new Submitted(answers);
  }

  private Submission known(TaskSpec spec, Optional<Inserted> meant, TaskError why) {
    if (meant.isEmpty()) {
      return new Submission.Refused(why);
    }
    return switch (meant.get()) {
      case Inserted.Kept(Instant created) -> {
        unsent.add(spec.id()); // Its own submit once more: whether it was sent is not known.
        yield new Submission.Accepted(created);
      }
      case Inserted.Earlier(var task) -> new Submission.Earlier(task);
      case Inserted.Conflict() -> CONFLICT;
    };
  }

  /** What became of each task that was kept. */
  private BiFunction<TaskSpec, Instant, Submission> enqueue(List<TaskSpec> kept) {
    List<TaskSpec> ready = Ready.of(kept, clock);
    try {
      Repeat.whileUnknown(() -> queue.enqueue(ready));
    } catch (Unavailable e) {
      LOG.warn("tasks refused: {}; {}", ready.size(), e.getMessage());
      return (spec, created) -> {
        if (!ready.contains(spec)) {
          return accepted(spec, created);
        }
        return e.surelyNotDone()
            ? withdraw(spec, created)
            : refusal(Code.UNAVAILABLE, "the task queue does not answer");
      };
    }
    return this::accepted;
  }

  private Submission accepted(TaskSpec spec, Instant created) {
    recorder.submitted(spec.lane());
    return new Submission.Accepted(created);
  }

  /**
   * Forgets the record of a task that was not published, so that no task runs whose submit was
   * refused. But where somebody has claimed it all the same, or an equal submit was answered with
   * it meanwhile, through any node, it is promised, and so accepted here too.
   */
  private Submission withdraw(TaskSpec spec, Instant created) {
    try {
      if (!store.withdraw(spec.id()) && store.find(spec.id()).isPresent()) {
        unsent.add(spec.id());
        return accepted(spec, created);
      }
    } catch (Unavailable e) {
      LOG.warn("task {} was refused and could not be withdrawn", spec.id());
    }
    return refusal(Code.UNAVAILABLE, "the task queue takes no work right now");
  }

  private static Submitted refuse(List<TaskSpec> specs, TaskError why) {
    return new Submitted(specs.stream().<Submission>map(_ -> new Submission.Refused(why)).toList());
  }

  private static Submission refusal(Code code, String message) {
    return new Submission.Refused(new TaskError(code, message));
  }
}
