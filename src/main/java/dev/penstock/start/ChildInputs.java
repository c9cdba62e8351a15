package dev.penstock.start;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import dev.penstock.core.InvalidInput;
import dev.penstock.dispatch.ChildCheck;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskError;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Checks what a task asks of its children as the API checks what clients send. */
final class ChildInputs implements ChildCheck {
  private final ModelCatalogue models;
  private final Supplier<TaskTypes> types;

  /**
   * @param types may block until they are known
   */
  ChildInputs(ModelCatalogue models, Supplier<TaskTypes> types) {
    this.models = models;
    this.types = types;
  }

  @Override
  public Lane accept(Lane lane, byte[] input) {
    TaskTypes all = types.get();
    TaskType type =
        all.find(lane.type())
            .orElseThrow(
                () -> new InvalidInput("no task type is called " + Visible.quoted(lane.type())));
    ModelSpec model = model(all, type, lane.model());
    JsonNode value = StrictJson.parse(input);
    if (value.isNull()) {
      throw new InvalidInput("its input is null");
    }
    var _ = type.accept(value, "input", model);
    return new Lane(type.name(), model == null ? null : model.name());
  }

  private @Nullable ModelSpec model(TaskTypes all, TaskType type, @Nullable String named) {
    String kind = type.modelKind();
    if (kind == null) {
      if (named != null) {
        throw new InvalidInput("tasks of type " + type.name() + " have no model");
      }
      return null;
    }
    String name = named == null ? all.defaultModel(type) : named;
    if (name == null) {
      throw new InvalidInput("it names no model");
    }
    return models
        .find(name, kind)
        .orElseThrow(() ->
            new InvalidInput(
                TaskError.Code.MODEL_NOT_FOUND,
                "there is no model " + Visible.quoted(name) + " for " + type.name()));
  }
}
