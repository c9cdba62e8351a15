package dev.penstock.api.worker;

import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.protocol.KnownLanes;
import dev.penstock.task.Lane;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.ApiError;
import dev.penstock.web.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lanes that tasks can be submitted to: others would be asked for in vain. */
public final class LaneNames implements KnownLanes {
  private final ModelCatalogue models;
  private final TaskTypes types;

  public LaneNames(ModelCatalogue models, TaskTypes types) {
    this.models = models;
    this.types = types;
  }

  private static String word(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** What follows the type; empty: nothing does. */
  private static String model(String name) {
    return name.substring(Math.min(name.length(), word(name).length() + 1));
  }

  /** Whether it is the name of a type, whose lanes it stands for where several may be meant. */
  public boolean isType(String name) {
    return types.find(name).isPresent();
  }

  @Override
  public Optional<Lane> find(String name) {
    String word = word(name);
    boolean modelNamed = name.length() > word.length();
    Optional<TaskType> type = types.find(word);
    @Nullable String kind = type.map(TaskType::modelKind).orElse(null);
    return kind == null
        ? type.filter(_ -> !modelNamed).map(_ -> new Lane(word, null))
        : models.find(model(name), kind).map(model -> new Lane(word, model.name()));
  }

  @Override
  public Refusal unknown(String name, String param) {
    String word = word(name);
    String why =
        types
            .find(word)
            .map(type ->
                type.modelKind() == null
                    ? "the type " + word + " has no models"
                    : models
                        .whyNone(model(name), type.modelKind())
                        .orElse("GET /v1/models lists the models there are"))
            .orElseGet(() -> "known types are " + String.join(", ", types.names()));
    String message = "There is no lane " + StrictJson.quote(name) + ": " + why + ".";
    return new Refusal(ApiError.http(404, "lane_not_found", message).withParam(param));
  }
}
