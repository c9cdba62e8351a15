package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.bus.Request.PauseLane;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.core.WorkerFigures;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Lane;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code /v1/queues}: the lanes, what waits in them, and holding or emptying them. */
final class QueuesResource {
  private static final Duration PURGE_LIMIT = Duration.ofSeconds(60);
  private static final double SECONDS = 60;
  private static final double MEDIAN = 0.5;
  private static final double MOST = 0.95;

  private final Bus bus;
  private final WorkersResource workers;

  QueuesResource(Bus bus, WorkersResource workers) {
    this.bus = bus;
    this.workers = workers;
  }

  /**
   * @param figures null: a lane that is served and empty
   */
  private record Queue(Lane lane, @Nullable LaneFigures figures, long consumers, boolean paused) {}

  Reply list(Exchange exchange) throws InterruptedException {
    return Reply.list(queues().values(), QueuesResource::write);
  }

  Reply get(Exchange exchange) throws InterruptedException {
    Queue queue = find(exchange);
    return Reply.json(200, json -> write(json, queue));
  }

  Reply pause(Exchange exchange) throws InterruptedException {
    return pause(exchange, true);
  }

  Reply resume(Exchange exchange) throws InterruptedException {
    return pause(exchange, false);
  }

  /** The figures may be a second old and not know of it yet. */
  private Reply pause(Exchange exchange, boolean paused) throws InterruptedException {
    Queue queue = find(exchange);
    boolean now = bus.ask(new PauseLane(queue.lane, paused), OwnTasks.LIMIT);
    return Reply.json(
        200, json -> write(json, new Queue(queue.lane, queue.figures, queue.consumers, now)));
  }

  Reply purge(Exchange exchange) throws InterruptedException {
    return TaskChanges.swept(
        "queue.purged", bus.ask(new PurgeLane(find(exchange).lane), PURGE_LIMIT));
  }

  private Queue find(Exchange exchange) throws InterruptedException {
    String name = exchange.parameter("lane");
    Queue queue = queues().get(name);
    if (queue == null) {
      throw new Refusal(
          ApiError.http(404, "queue_not_found", "There is no queue " + StrictJson.quote(name) + ".")
              .withParam("lane"));
    }
    return queue;
  }

  /** By name. Known are the lanes that somebody serves, and those that figures tell of. */
  private Map<String, Queue> queues() throws InterruptedException {
    List<WorkerFigures> serving = workers.figures();
    Map<String, Queue> queues = new TreeMap<>();
    for (WorkerFigures worker : serving) {
      for (Lane lane : worker.lanes()) {
        queues.put(lane.name(), new Queue(lane, null, consumers(serving, lane), false));
      }
    }
    for (LaneFigures figures : bus.ask(new ReadFigures(), OwnTasks.LIMIT).lanes()) {
      Lane lane = figures.lane();
      queues.put(lane.name(), new Queue(lane, figures, consumers(serving, lane), figures.paused()));
    }
    return queues;
  }

  private static long consumers(List<WorkerFigures> serving, Lane lane) {
    return serving.stream().filter(worker -> worker.serves(lane)).count();
  }

  private static void write(JsonGenerator json, Queue queue) throws IOException {
    LaneFigures known = queue.figures;
    LaneCounts counts = known == null ? LaneCounts.none(queue.lane) : known.counts();
    json.writeStartObject();
    json.writeStringField("lane", queue.lane.name());
    json.writeStringField("type", queue.lane.type());
    String model = queue.lane.model();
    if (model != null) {
      json.writeStringField("model", model);
    }
    json.writeNumberField("depth", counts.ready());
    json.writeNumberField("in_flight", counts.running());
    json.writeNumberField("waiting", counts.waiting());
    json.writeNumberField("scheduled", counts.scheduled());
    json.writeNumberField("failed", counts.failed());
    if (counts.oldest() != null) {
      long age = Math.max(0, Duration.between(counts.oldest(), Instant.now()).toMillis());
      StrictJson.writeSeconds(json, "oldest_seconds", age);
    }
    json.writeBooleanField("paused", queue.paused);
    json.writeNumberField("consumers", queue.consumers);
    LaneMinute minute = known == null ? null : known.lastMinute();
    json.writeObjectFieldStart("rates");
    rate(json, "submitted_per_second", minute == null ? 0 : minute.submitted());
    rate(json, "completed_per_second", minute == null ? 0 : minute.completed());
    rate(json, "failed_per_second", minute == null ? 0 : minute.failed());
    json.writeEndObject();
    if (minute != null) {
      times(json, "wait_ms", minute.waited());
      times(json, "run_ms", minute.ran());
    }
    json.writeEndObject();
  }

  private static void rate(JsonGenerator json, String name, long events) throws IOException {
    json.writeNumberField(name, Math.round(events / SECONDS * 1_000) / 1_000.0);
  }

  /** Left out where nothing was measured. */
  private static void times(JsonGenerator json, String name, Latencies times) throws IOException {
    if (times.total() > 0) {
      json.writeObjectFieldStart(name);
      json.writeNumberField("p50", Math.round(times.quantile(MEDIAN) * 10) / 10.0);
      json.writeNumberField("p95", Math.round(times.quantile(MOST) * 10) / 10.0);
      json.writeEndObject();
    }
  }
}
