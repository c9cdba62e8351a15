package dev.penstock.api;

import dev.penstock.api.worker.LaneNames;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Submission;
import dev.penstock.config.Settings;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Refusal;
import java.util.List;

/** Takes tasks from the program's own pages, by the rules of {@code POST /v1/tasks}. */
public final class TaskIntake {
  private final TaskRequests requests;
  private final LaneNames lanes;
  private final Bus bus;

  public TaskIntake(Bus bus, Settings settings, ModelCatalogue models, TaskTypes types) {
    requests = new TaskRequests(settings, models, types);
    lanes = new LaneNames(models, types);
    this.bus = bus;
  }

  /** Makes keys by the rules of {@code POST /v1/keys}. */
  public NewKeys newKeys(ApiKeys keys) {
    return new NewKeys(keys, lanes);
  }

  /** What became of a task. */
  public sealed interface Taken {
    record Accepted(TaskId id) implements Taken {}

    /**
     * The task was not taken.
     *
     * @param message what is wrong with it, for people
     */
    record Refused(String message) implements Taken {}
  }

  /**
   * Submits a task for a person.
   *
   * @param json one task, as the API takes it
   */
  public Taken submit(byte[] json, Caller caller) throws InterruptedException {
    try {
      TaskSpec spec = requests.read(StrictJson.parse(json), caller, Priority.TASK, null, "").spec();
      return switch (Submitter.submit(bus, List.of(spec)).getFirst()) {
        case Submission.Accepted _ -> new Taken.Accepted(spec.id());
        case Submission.Earlier(var task) -> new Taken.Accepted(task.id());
        case Submission.Refused(var error) -> new Taken.Refused(error.message());
      };
    } catch (Refusal refusal) {
      return new Taken.Refused(refusal.error().message());
    } catch (InvalidInput invalid) {
      return new Taken.Refused(invalid.message());
    }
  }
}
