package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.Submitter.Submitted;
import dev.penstock.config.Settings;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.embedding.EmbeddingForm;
import dev.penstock.types.embedding.EmbeddingInput;
import dev.penstock.types.embedding.EmbeddingSettings;
import dev.penstock.types.embedding.EmbeddingType;
import dev.penstock.web.Answer;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;
import dev.penstock.web.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * {@code /api/v1/embedding}: the plain routes of services that Penstock may take the place of.
 * Submit a text, ask for its vector later.
 */
final class DropInResource {
  private static final String ROUTE = "drop-in";

  private final Settings settings;
  private final ModelCatalogue models;
  private final TaskTypes types;
  private final Submitter submitter;
  private final OwnTasks own;

  DropInResource(
      Settings settings,
      ModelCatalogue models,
      TaskTypes types,
      Submitter submitter,
      OwnTasks own) {
    this.settings = settings;
    this.models = models;
    this.types = types;
    this.submitter = submitter;
    this.own = own;
  }

  Reply create(Exchange exchange) throws InterruptedException {
    JsonNode body = StrictJson.parse(exchange.body());
    Fields fields = Fields.of(body);
    ModelSpec model = TaskRequests.model(fields, models, types, EmbeddingType.NAME);
    EmbeddingInput input = input(fields, EmbeddingTraits.of(model));
    IdempotencyKey key = IdempotencyKey.of(exchange);
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(
                new Lane(EmbeddingType.NAME, model.name()),
                exchange.caller().usual(Priority.TASK),
                input.toJson(),
                null),
            new TaskSpec.Limits(settings.task().maxAttempts(), settings.task().timeout()),
            new Retention(settings.task().ttl(), settings.failedTtl()),
            new TaskSpec.Origin(
                exchange.caller().owner(),
                Map.of(),
                key == null ? null : key.identity(ROUTE, body),
                null));
    exchange.about(spec.id());
    Submitted submitted = submitter.submit(spec, Duration.ZERO, exchange, false);
    TaskState state = submitted.earlier().map(Task::state).orElse(TaskState.PENDING);
    String hint = submitted.earlier().map(IdempotencyKey::hint).orElse(null);
    Reply reply =
        Reply.object(
                202,
                json -> {
                  writeState(json, submitted.id(), state);
                  if (hint != null) {
                    json.writeStringField("hint", hint);
                  }
                })
            .with("X-Task-Id", submitted.id().value());
    return submitted.earlier().isPresent() ? reply.with(IdempotencyKey.REPLAYED, "true") : reply;
  }

  private static EmbeddingInput input(Fields fields, EmbeddingTraits model) {
    JsonNode text = fields.value("text");
    JsonNode texts = fields.value("texts");
    if (texts == null) {
      if (text == null) {
        throw fields.bad("text", "is missing, and so is 'texts'");
      }
      if (!text.isTextual()) {
        throw fields.bad("text", "must be a string");
      }
      return EmbeddingInput.of(text, "text", model);
    }
    if (text != null) {
      throw fields.bad("texts", "and 'text' exclude each other");
    }
    if (!texts.isArray() || (!texts.isEmpty() && !texts.get(0).isTextual())) {
      throw fields.bad("texts", "must be a list of strings");
    }
    return EmbeddingInput.of(texts, "texts", model);
  }

  private static void writeState(JsonGenerator json, TaskId id, TaskState state)
      throws IOException {
    json.writeStringField("task_id", id.value());
    json.writeStringField("status", state.json());
  }

  /** Vectors are given for tasks that have some, however they were submitted. */
  Answer get(Exchange exchange) throws InterruptedException {
    Task task = submitter.withResult(exchange, own.find(exchange, "task_id"));
    return LongReply.object(
            200,
            json -> {
              writeState(json, task.id(), task.state());
              TaskOutput output = task.output();
              if (output != null && task.spec().lane().type().equals(EmbeddingType.NAME)) {
                json.writeFieldName("result");
                EmbeddingForm.writeVectors(json, output);
              }
              TaskError error = task.error();
              if (error != null) {
                json.writeStringField("error", StrictJson.whole(error.message()));
              }
            })
        .with("X-Task-Id", task.id().value());
  }

  Reply models(Exchange exchange) {
    String named = types.settings(EmbeddingSettings.class).model();
    // It may have become broken since the start, and is the default all the same.
    String standard = models.find(named, EmbeddingTraits.KIND).map(ModelSpec::name).orElse(named);
    return Reply.object(
        200,
        json -> {
          json.writeArrayFieldStart("models");
          for (ModelSpec model : models.all(EmbeddingTraits.KIND)) {
            json.writeStartObject();
            json.writeStringField("name", model.name());
            model.traits().write(json);
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeStringField("default", standard);
        });
  }
}
