package dev.penstock.http;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Batches;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.bus.Request.WorkerFigures;
import dev.penstock.task.Lane;
import dev.penstock.task.Unavailable;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** {@code GET /v1/workers}: who runs tasks. */
final class WorkersResource {
  private static final Duration LIMIT = Duration.ofSeconds(2);
  private static final int MILLI_DIGITS = 3;

  private final Bus bus;

  WorkersResource(Bus bus) {
    this.bus = bus;
  }

  /** None where nobody answers: a worker that is away is no reason to know nothing. */
  List<WorkerFigures> figures() throws InterruptedException {
    try {
      return bus.ask(new ReadWorkers(), LIMIT);
    } catch (Unavailable e) {
      return List.of();
    }
  }

  Reply list(Exchange exchange) throws InterruptedException {
    return Reply.list(figures(), WorkersResource::write);
  }

  private static void write(JsonGenerator json, WorkerFigures worker) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", worker.node());
    words(json, "roles", worker.roles());
    words(json, "lanes", worker.lanes().stream().map(Lane::name).toList());
    json.writeStringField("device", worker.device());
    json.writeNumberField("running", worker.running());
    json.writeNumberField("done", worker.done());
    json.writeNumberField("failed", worker.failed());
    Batches batches = worker.batches();
    json.writeObjectFieldStart("batches");
    json.writeNumberField("runs", batches.runs());
    json.writeNumberField(
        "mean_texts",
        batches.runs() == 0 ? 0 : Math.round(100.0 * batches.texts() / batches.runs()) / 100.0);
    json.writeEndObject();
    if (worker.memory() >= 0) {
      json.writeNumberField("memory_bytes", worker.memory());
    }
    json.writeStringField("version", worker.version());
    time(json, "started_at", worker.startedAt());
    time(json, "seen_at", worker.seenAt());
    json.writeEndObject();
  }

  private static void words(JsonGenerator json, String name, List<String> words)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String word : words) {
      json.writeString(word);
    }
    json.writeEndArray();
  }

  private static void time(JsonGenerator json, String name, Instant time) throws IOException {
    json.writeNumberField(name, BigDecimal.valueOf(time.toEpochMilli(), MILLI_DIGITS));
  }
}
