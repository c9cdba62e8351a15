package dev.penstock.http;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.http.EmbeddingInput.Form;
import dev.penstock.task.EmbeddingOutput;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskOutput;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Tasks as clients see them. What is not known yet is left out. */
final class TaskJson {
  private static final int MILLI_DIGITS = 3;

  private TaskJson() {}

  static void write(JsonGenerator json, Task task, Form form) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", task.id().value());
    json.writeStringField("object", "task");
    json.writeStringField("type", task.spec().lane().type());
    String model = task.spec().lane().model();
    if (model != null) {
      json.writeStringField("model", model);
    }
    json.writeStringField("status", task.state().json());
    json.writeNumberField("priority", task.spec().priority().value());
    json.writeNumberField("attempts", task.attempts());
    json.writeNumberField("max_attempts", task.spec().maxAttempts());
    writeProgress(json, task.progress());
    writeTimes(json, task);
    if (task.worker() != null) {
      json.writeStringField("worker", task.worker());
    }
    writeError(json, task.error());
    json.writeObjectFieldStart("metadata");
    for (var pair : new TreeMap<>(task.spec().metadata()).entrySet()) {
      json.writeStringField(pair.getKey(), pair.getValue());
    }
    json.writeEndObject();
    TaskOutput output = task.output();
    if (output != null) {
      json.writeFieldName("result");
      writeResult(json, task, output, form);
    }
    json.writeEndObject();
  }

  static void writeResult(JsonGenerator json, Task task, TaskOutput output, Form form)
      throws IOException {
    switch (output.format()) {
      case JSON -> json.writeRawValue(new String(output.bytes(), StandardCharsets.UTF_8));
      case EMBEDDINGS -> {
        String model = task.spec().lane().model();
        EmbeddingJson.write(json, EmbeddingOutput.of(output), form, model == null ? "" : model);
      }
    }
  }

  private static void writeProgress(JsonGenerator json, @Nullable Progress progress)
      throws IOException {
    if (progress != null) {
      json.writeObjectFieldStart("progress");
      json.writeNumberField("done", progress.done());
      json.writeNumberField("total", progress.total());
      json.writeStringField("message", Json.whole(progress.message()));
      json.writeEndObject();
    }
  }

  private static void writeTimes(JsonGenerator json, Task task) throws IOException {
    Instant created = task.createdAt();
    Instant started = task.startedAt();
    Instant finished = task.finishedAt();
    writeTime(json, "created_at", created);
    writeTime(json, "started_at", started);
    writeTime(json, "finished_at", finished);
    if (started != null) {
      json.writeNumberField("queue_ms", Duration.between(created, started).toMillis());
      if (finished != null) {
        json.writeNumberField("run_ms", Duration.between(started, finished).toMillis());
      }
    }
  }

  private static void writeTime(JsonGenerator json, String name, @Nullable Instant time)
      throws IOException {
    if (time != null) {
      json.writeNumberField(name, BigDecimal.valueOf(time.toEpochMilli(), MILLI_DIGITS));
    }
  }

  private static void writeError(JsonGenerator json, @Nullable TaskError error) throws IOException {
    if (error != null) {
      json.writeObjectFieldStart("error");
      json.writeStringField("code", error.code().json());
      json.writeStringField("message", Json.whole(error.message()));
      json.writeEndObject();
    }
  }
}
