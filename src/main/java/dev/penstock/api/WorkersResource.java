package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Lane;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /v1/workers}: who runs tasks. */
final class WorkersResource {
  private static final Logger LOG = LoggerFactory.getLogger(WorkersResource.class);
  private static final Duration LIMIT = Duration.ofSeconds(2);

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

  /** Tells a worker to finish what it runs and to lease nothing more. It hears it soon. */
  Reply drain(Exchange exchange) throws InterruptedException {
    String id = exchange.parameter("id");
    WorkerFigures worker =
        bus.ask(new ReadWorkers(), LIMIT).stream()
            .filter(one -> one.node().equals(id))
            .findFirst()
            .orElseThrow(() ->
                new Refusal(
                    ApiError.http(404, "worker_not_found", "No worker of this id was seen lately.")
                        .withParam("id")));
    if (!worker.runsTasks()) {
      throw new Refusal(
          ApiError.http(
              409,
              "worker_runs_no_tasks",
              "It runs no tasks, so there is nothing to drain: stop it, and it answers what it"
                  + " holds."));
    }
    bus.tellAll(new DrainWorker(id, worker.startedAt()));
    LOG.info("worker {} was told to drain by {}", id, exchange.caller().keyId());
    return Reply.json(202, json -> write(json, worker.drained()));
  }

  private static void write(JsonGenerator json, WorkerFigures worker) throws IOException {
    WorkerReport report = worker.report();
    json.writeStartObject();
    json.writeStringField("id", worker.node());
    if (!report.host().isEmpty()) {
      json.writeStringField("host", report.host());
    }
    json.writeObjectField("roles", worker.roles());
    json.writeObjectField("lanes", worker.lanes().stream().map(Lane::name).toList());
    json.writeStringField("device", report.device());
    json.writeBooleanField("draining", worker.draining());
    json.writeNumberField("running", report.running());
    json.writeNumberField("done", report.done());
    json.writeNumberField("failed", report.failed());
    Batches batches = report.batches();
    json.writeObjectFieldStart("batches");
    json.writeNumberField("runs", batches.runs());
    json.writeNumberField(
        "mean_texts",
        batches.runs() == 0 ? 0 : Math.round(100.0 * batches.texts() / batches.runs()) / 100.0);
    json.writeEndObject();
    if (report.memory() >= 0) {
      json.writeNumberField("memory_bytes", report.memory());
    }
    json.writeStringField("version", report.version());
    StrictJson.writeSeconds(json, "started_at", worker.startedAt().toEpochMilli());
    StrictJson.writeSeconds(json, "seen_at", worker.seenAt().toEpochMilli());
    json.writeEndObject();
  }
}
