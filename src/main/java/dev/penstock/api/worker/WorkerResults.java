package dev.penstock.api.worker;

import dev.penstock.json.Fields;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;

/** Results as remote workers send them, checked by their types before they are kept. */
public final class WorkerResults {
  private final ModelCatalogue models;
  private final TaskTypes types;

  public WorkerResults(ModelCatalogue models, TaskTypes types) {
    this.models = models;
    this.types = types;
  }

  /**
   * @param fields the request's
   * @param json its result as it was sent; empty: there is none
   */
  TaskOutput of(Fields fields, byte[] json, Task task) {
    if (json.length == 0) {
      throw fields.bad("result", "is missing");
    }
    TaskType type =
        types
            .find(task.spec().lane().type())
            .orElseThrow(
                () -> fields.bad("result", "cannot be checked: its type is not known here"));
    String name = task.spec().lane().model();
    String kind = type.modelKind();
    return type.read(
        fields,
        json,
        task,
        name == null || kind == null ? null : models.find(name, kind).orElse(null));
  }
}
