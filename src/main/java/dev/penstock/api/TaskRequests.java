package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.Settings;
import dev.penstock.core.SubmitBounds;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.security.Caller;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskType.Form;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.ApiError;
import dev.penstock.web.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the objects of {@code POST /v1/tasks}. Unknown members are refused. */
final class TaskRequests {
  private static final String ROUTE = "tasks";
  private static final Set<String> KNOWN =
      Set.of(
          "type",
          "model",
          "input",
          "priority",
          Patience.FIELD,
          "run_at",
          "delay_seconds",
          StartBefore.FIELD,
          "max_attempts",
          "timeout_seconds",
          "ttl_seconds",
          "metadata");

  private static final int MAX_WORD = 100;
  private static final int MAX_MODEL = 200;
  private static final int DAY = (int) SubmitBounds.RUN.toSeconds();
  private static final int MONTH = (int) SubmitBounds.KEPT.toSeconds();
  private static final long MILLIS = 1_000;

  private final Settings settings;
  private final ModelCatalogue models;
  private final TaskTypes types;

  TaskRequests(Settings settings, ModelCatalogue models, TaskTypes types) {
    this.settings = settings;
    this.models = models;
    this.types = types;
  }

  /**
   * A task that may be submitted.
   *
   * @param form how its result is rendered
   * @param patience null: answer at once
   * @param warnings headers that say what is doubtful about it
   */
  record NewTask(
      TaskSpec spec, Form form, @Nullable Patience patience, Map<String, String> warnings) {}

  private record Input(
      TaskType type, Lane lane, byte[] json, Form form, Map<String, String> warnings) {}

  /**
   * @param caller whose task it is
   * @param standard the priority where none is named
   * @param key the client's name for this submit, if it has one
   * @param node where the task's end is to be told, if somebody waits for it
   */
  NewTask read(
      JsonNode body, Caller caller, Priority standard, @Nullable IdempotencyKey key, String node) {
    Fields fields = Fields.of(body);
    fields.only(KNOWN);
    Input input = input(fields, type(fields));
    Priority priority = priority(fields, standard, caller);
    Patience patience = Patience.of(fields);
    Integer attempts = fields.integer("max_attempts", 1, SubmitBounds.ATTEMPTS);
    Double timeout = fields.number("timeout_seconds", 1, DAY);
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(input.lane, priority, input.json, runAt(fields), startBefore(fields)),
            new TaskSpec.Limits(
                attempts == null ? settings.task().maxAttempts() : attempts,
                timeout == null ? timeout(input.type) : seconds(timeout)),
            retention(fields),
            new TaskSpec.Origin(
                caller.owner(),
                metadata(fields),
                key == null ? null : key.identity(ROUTE, body, Patience.FIELD),
                patience != null && patience.hold().isPositive() ? node : null));
    return new NewTask(spec, input.form, patience, input.warnings);
  }

  private Duration timeout(TaskType type) {
    Duration own = types.timeout(type);
    return own == null ? settings.task().timeout() : own;
  }

  private TaskType type(Fields fields) {
    String name = fields.text("type", MAX_WORD);
    return (name == null ? Optional.<TaskType>empty() : types.find(name))
        .orElseThrow(() -> {
          String problem = name == null ? "is missing" : "is unknown: " + StrictJson.quote(name);
          return fields.bad("type", problem + "; known are " + String.join(", ", types.names()));
        });
  }

  /** An absent input is an empty one, where the type has no model. */
  private Input input(Fields fields, TaskType type) {
    ModelSpec model = model(fields, type);
    JsonNode given = fields.value("input");
    if (given == null && model != null) {
      throw fields.bad("input", "is missing");
    }
    JsonNode value = given == null ? StrictJson.nodes().objectNode() : given;
    Form form = type.accept(value, fields.param("input"), model);
    return new Input(
        type,
        new Lane(type.name(), model == null ? null : model.name()),
        StrictJson.write(json -> json.writeTree(value)),
        form,
        types.warnings(type, form, fields.param("input"), model));
  }

  private @Nullable ModelSpec model(Fields fields, TaskType type) {
    if (type.modelKind() != null) {
      return model(fields, models, types, type.name());
    }
    if (fields.textIfAny("model", MAX_MODEL) != null) {
      throw fields.bad("model", "is not for tasks of type " + type.name());
    }
    return null;
  }

  /**
   * The model that the request names, or the default one.
   *
   * @param typeName the name of one that uses models
   */
  static ModelSpec model(Fields fields, ModelCatalogue models, TaskTypes types, String typeName) {
    TaskType type = types.find(typeName).orElseThrow();
    String kind = Objects.requireNonNull(type.modelKind());
    String named = fields.textIfAny("model", MAX_MODEL);
    String name = named == null ? types.defaultModel(type) : named;
    if (name == null) {
      throw fields.bad("model", "is missing");
    }
    return models
        .find(name, kind)
        .orElseThrow(() ->
            new Refusal(
                ApiError.noSuchModel(name, models.whyNone(name, kind).orElse(null))
                    .withParam(fields.param("model"))));
  }

  /**
   * The priority that the request names, or the usual one.
   *
   * @param caller whose key may have a highest one
   */
  static Priority priority(Fields fields, Priority usual, Caller caller) {
    Integer value = fields.integer("priority", Priority.MIN, Priority.MAX);
    int highest = caller.highest().value();
    if (value != null && value > highest) {
      throw fields.bad("priority", "may be at most " + highest + " with this API key");
    }
    return value == null ? caller.usual(usual) : new Priority(value);
  }

  private static @Nullable Instant runAt(Fields fields) {
    Double at = fields.number("run_at", 0, 1e11);
    Double delay = fields.number("delay_seconds", 0, MONTH);
    if (at == null) {
      return delay == null || delay == 0 ? null : TaskSpec.after(seconds(delay), Instant.now());
    }
    if (delay != null) {
      throw fields.bad("delay_seconds", "and run_at exclude each other");
    }
    Instant time = Instant.ofEpochMilli(Math.round(at * MILLIS));
    if (time.isAfter(Instant.now().plusSeconds(MONTH))) {
      throw fields.bad("run_at", "must be within 30 days from now, in Unix seconds");
    }
    return time.isAfter(Instant.now()) ? time : null; // due already: no need to be scheduled
  }

  private static @Nullable Instant startBefore(Fields fields) {
    Double runAt = fields.number("run_at", 0, 1e11);
    Double startBefore = fields.number(StartBefore.FIELD, 0, 1e11);
    if (runAt != null && startBefore != null && startBefore <= runAt) {
      throw fields.bad(StartBefore.FIELD, "must be later than run_at");
    }
    return StartBefore.of(fields);
  }

  private Retention retention(Fields fields) {
    Integer ttl = fields.integer("ttl_seconds", 0, MONTH);
    return ttl == null
        ? new Retention(settings.task().ttl(), settings.failedTtl())
        : new Retention(Duration.ofSeconds(ttl), Duration.ofSeconds(ttl));
  }

  static Map<String, String> metadata(Fields fields) {
    JsonNode given = fields.value("metadata");
    if (given == null) {
      return Map.of();
    }
    if (!given.isObject() || given.size() > SubmitBounds.METADATA) {
      throw fields.bad(
          "metadata", "must be an object of at most " + SubmitBounds.METADATA + " strings");
    }
    var pairs = new LinkedHashMap<String, String>();
    for (var pair : given.properties()) {
      String name = "metadata." + pair.getKey();
      if (pair.getKey().isEmpty() || Fields.length(pair.getKey()) > SubmitBounds.METADATA_NAME) {
        throw fields.bad(
            "metadata",
            "has a key that is empty or over " + SubmitBounds.METADATA_NAME + " characters");
      }
      if (!pair.getValue().isTextual()
          || Fields.length(pair.getValue().textValue()) > SubmitBounds.METADATA_VALUE) {
        throw fields.bad(
            name, "must be a string of at most " + SubmitBounds.METADATA_VALUE + " characters");
      }
      pairs.put(pair.getKey(), pair.getValue().textValue());
    }
    return pairs;
  }

  private static Duration seconds(double seconds) {
    return Duration.ofMillis(Math.round(seconds * MILLIS));
  }
}
