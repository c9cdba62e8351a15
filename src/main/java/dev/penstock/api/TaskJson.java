package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.core.Step;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.types.TaskType.Form;
import dev.penstock.web.ApiError;
import dev.penstock.web.LongReply;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Tasks as clients see them. What is not known yet is left out. */
final class TaskJson {
  private static final String EXPIRED = "expired";
  private static final String NOT_BEGUN = "The task was not begun by its start_before.";

  private TaskJson() {}

  /** The task, what it went through and its result. */
  static LongReply reply(int status, Task task, Form form, List<Step> steps) {
    return reply(status, task, form, steps, null);
  }

  /**
   * The same.
   *
   * @param hint what to do about it, for who may not have expected it so; null: nothing
   */
  static LongReply reply(
      int status, Task task, Form form, List<Step> steps, @Nullable String hint) {
    LongReply reply =
        LongReply.json(status, json -> write(json, task, form, steps, hint))
            .with("X-Task-Id", task.id().value());
    TaskOutput output = task.output();
    return output == null ? reply : reply.with(form.headers(output));
  }

  /** The task without its result. */
  static void writeBrief(JsonGenerator json, Task task) throws IOException {
    writeBrief(json, task, null);
  }

  static void writeBrief(JsonGenerator json, Task task, @Nullable String hint) throws IOException {
    json.writeStartObject();
    writeMembers(json, task);
    writeHint(json, hint);
    json.writeEndObject();
  }

  /** About what metadata takes in memory. */
  static long bytes(Map<String, String> metadata) {
    long bytes = 0;
    for (Map.Entry<String, String> pair : metadata.entrySet()) {
      bytes += 2L * (pair.getKey().length() + pair.getValue().length());
    }
    return bytes;
  }

  private static void writeHint(JsonGenerator json, @Nullable String hint) throws IOException {
    if (hint != null) {
      json.writeStringField("hint", hint);
    }
  }

  private static void write(
      JsonGenerator json, Task task, Form form, List<Step> steps, @Nullable String hint)
      throws IOException {
    json.writeStartObject();
    writeMembers(json, task);
    writeHint(json, hint);
    writeSteps(json, steps);
    TaskOutput output = task.output();
    if (output != null) {
      json.writeFieldName("result");
      writeResult(json, task, output, form);
    }
    json.writeEndObject();
  }

  private static void writeMembers(JsonGenerator json, Task task) throws IOException {
    json.writeStringField("id", task.id().value());
    json.writeStringField("object", "task");
    json.writeStringField("type", task.spec().lane().type());
    String model = task.spec().lane().model();
    if (model != null) {
      json.writeStringField("model", model);
    }
    json.writeStringField("status", task.state().json());
    TaskId parent = task.spec().parent();
    if (parent != null) {
      json.writeStringField("parent", parent.value());
    }
    if (task.waitingOn() > 0) {
      json.writeNumberField("waiting_on", task.waitingOn());
    }
    json.writeNumberField("priority", task.spec().priority().value());
    json.writeNumberField("attempts", task.attempts());
    json.writeNumberField("max_attempts", task.spec().maxAttempts());
    json.writeNumberField("lost", task.lost());
    Progress progress = task.progress();
    if (progress != null) {
      json.writeFieldName("progress");
      writeProgress(json, task.state() == TaskState.COMPLETED ? whole(progress) : progress);
    }
    writeTime(json, "run_at", task.spec().runAt());
    writeTime(json, StartBefore.FIELD, task.spec().startBefore());
    writeTimes(json, task);
    if (task.worker() != null) {
      json.writeStringField("worker", task.worker());
    }
    if (task.expired()) {
      writeError(json, EXPIRED, NOT_BEGUN);
    } else {
      writeError(json, task.error());
    }
    Map<String, String> metadata = new TreeMap<>();
    // What a handler has made may have half characters.
    task.spec()
        .metadata()
        .forEach((name, value) -> metadata.put(StrictJson.whole(name), StrictJson.whole(value)));
    json.writeObjectField("metadata", metadata);
  }

  private static void writeSteps(JsonGenerator json, List<Step> steps) throws IOException {
    if (steps.isEmpty()) {
      return;
    }
    json.writeArrayFieldStart("steps");
    for (Step step : steps) {
      json.writeStartObject();
      json.writeStringField("kind", step.kind().json());
      writeTime(json, "at", step.at());
      writeTime(json, "started_at", step.startedAt());
      if (step.worker() != null) {
        json.writeStringField("worker", step.worker());
      }
      writeError(json, step.error());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  static void writeResult(JsonGenerator json, Task task, TaskOutput output, Form form)
      throws IOException {
    form.write(json, output, task.spec().lane().model());
  }

  /** The last report of a run is seldom its last step: only every half second's is kept. */
  private static Progress whole(Progress last) {
    return new Progress(last.total(), last.total(), last.message());
  }

  static void writeProgress(JsonGenerator json, Progress progress) throws IOException {
    json.writeStartObject();
    json.writeNumberField("done", progress.done());
    json.writeNumberField("total", progress.total());
    json.writeStringField("message", StrictJson.whole(progress.message()));
    json.writeEndObject();
  }

  private static void writeTimes(JsonGenerator json, Task task) throws IOException {
    writeTime(json, "created_at", task.createdAt());
    writeTime(json, "started_at", task.startedAt());
    writeTime(json, "finished_at", task.finishedAt());
    writeMillis(json, "queue_ms", task.waited());
    writeMillis(json, "run_ms", task.ran());
  }

  private static void writeMillis(JsonGenerator json, String name, @Nullable Duration time)
      throws IOException {
    if (time != null) {
      json.writeNumberField(name, time.toMillis());
    }
  }

  private static void writeTime(JsonGenerator json, String name, @Nullable Instant time)
      throws IOException {
    if (time != null) {
      StrictJson.writeSeconds(json, name, time.toEpochMilli());
    }
  }

  private static void writeError(JsonGenerator json, @Nullable TaskError error) throws IOException {
    if (error != null) {
      writeError(json, error.code().json(), error.message());
    }
  }

  private static void writeError(JsonGenerator json, String code, String message)
      throws IOException {
    json.writeObjectFieldStart("error");
    json.writeStringField("code", code);
    json.writeStringField("message", StrictJson.whole(message));
    json.writeEndObject();
  }

  /** Why a task that ended has no result. */
  static ApiError failure(Task task) {
    if (task.expired()) {
      return ApiError.http(409, EXPIRED, NOT_BEGUN);
    }
    if (task.state() == TaskState.CANCELLED) {
      return ApiError.http(409, "task_cancelled", "The task was cancelled.");
    }
    TaskError error = task.error();
    return ApiError.of(
        error != null
            ? error
            : new TaskError(TaskError.Code.HANDLER_FAILED, "The task failed and did not say why."));
  }
}
