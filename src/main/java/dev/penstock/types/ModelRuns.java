package dev.penstock.types;

import dev.penstock.core.InvalidInput;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.ModelFailure;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs of tasks for models of one kind: finds and opens the model, and says what becomes of the
 * task where that or the run fails.
 */
public final class ModelRuns {
  /** What comes of work that there is no room for now. */
  public static final Outcome NO_ROOM = new Outcome.Postpone(Duration.ofSeconds(1));

  /** The models that are open have to be idle first. */
  private static final Outcome NO_MEMORY = new Outcome.Postpone(Duration.ofSeconds(5));

  private final ModelEngines engines;
  private final String kind;

  public ModelRuns(ModelEngines engines, String kind) {
    this.engines = engines;
    this.kind = kind;
  }

  /** Reads a task's input, before its model is opened. */
  @FunctionalInterface
  public interface Reader {
    Run read(ModelSpec model);
  }

  /** A task that was read. */
  @FunctionalInterface
  public interface Run {
    Outcome run(ModelEngines.Use model) throws InterruptedException, ModelFailure;
  }

  public Outcome run(TaskSpec task, Reader reader) throws InterruptedException {
    Optional<ModelSpec> spec = model(task);
    if (spec.isEmpty()) {
      return notFound(task);
    }
    try {
      Run run = reader.read(spec.get());
      Optional<ModelEngines.Use> use = engines.acquire(spec.get());
      if (use.isEmpty()) {
        return NO_MEMORY;
      }
      try (ModelEngines.Use model = use.get()) {
        return run.run(model);
      }
    } catch (InvalidInput e) {
      return e.reject();
    } catch (ModelFailure e) {
      if (e.notYet()) {
        Duration pause = e.pause();
        return pause == null ? NO_ROOM : new Outcome.Postpone(pause);
      }
      return e.lasts() || model(task).isEmpty()
          ? notFound(task)
          : new Outcome.Retry(new TaskError(TaskError.Code.INFERENCE_FAILED, e.reason()));
    } catch (RejectedExecutionException e) { // Whoever prepares inputs has more than enough to do.
      return NO_ROOM;
    }
  }

  /** The task's model, if it is there. */
  public Optional<ModelSpec> model(TaskSpec task) {
    String name = task.lane().model();
    return name == null ? Optional.empty() : engines.find(name, kind);
  }

  /** The model, if it is open. Does not wait. */
  public Optional<ModelEngines.Use> open(ModelSpec model) {
    return engines.acquireOpen(model);
  }

  private Outcome notFound(TaskSpec task) {
    String reason = engines.whyNone(String.valueOf(task.lane().model()), kind);
    return new Outcome.Reject(new TaskError(TaskError.Code.MODEL_NOT_FOUND, reason));
  }
}
