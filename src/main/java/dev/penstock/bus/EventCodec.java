package dev.penstock.bus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.json.JsonMappers;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Events between nodes: their length in bytes, then JSON. Within a process they pass as they are.
 * Nodes of different versions may meet, so unknown fields are ignored, and what cannot be read is
 * {@link Unreadable} and reaches no listener.
 */
final class EventCodec implements MessageCodec<Object, Object> {
  static final String NAME = "penstock.event";

  /** Many times what the largest has: 256 KiB of pieces, each in a string. */
  private static final int MAX_BYTES = 4 << 20;

  /** What came from another node and means nothing here. */
  record Unreadable(String why) {}

  @Override
  public Object transform(Object event) {
    return event;
  }

  @Override
  public void encodeToWire(Buffer buffer, Object event) {
    try {
      byte[] json = JsonMappers.PLAIN.writeValueAsBytes(write((Event) event));
      buffer.appendInt(json.length).appendBytes(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode write(Event event) {
    ObjectNode json =
        JsonMappers.PLAIN.createObjectNode().put("event", event.getClass().getSimpleName());
    switch (event) {
      case Event.TaskSettled _, Event.LanesPaused _, Event.DirectRunsRest _ ->
          throw new IllegalStateException(event.getClass() + " must not leave the process");
      case Event.TaskEnded(var id) -> json.put("task", id.value());
      case Event.RunCancelled(var id) -> json.put("task", id.value());
      case Event.WorkerSeen(var worker) -> write(json, worker);
      case Event.WorkerLeft(var worker, var startedAt) -> write(json, worker, startedAt);
      case Event.DrainWorker(var worker, var startedAt) -> write(json, worker, startedAt);
      case Event.PiecesWanted wanted -> PiecesJson.write(json, wanted);
      case Event.PiecesTold told -> PiecesJson.write(json, told);
      case Event.PiecesSought sought -> PiecesJson.write(json, sought);
      case Event.PiecesFound found -> PiecesJson.write(json, found);
    }
    return json;
  }

  private static void write(ObjectNode json, String worker, @Nullable Instant startedAt) {
    json.put("worker", worker);
    if (startedAt != null) {
      json.put("started_at", startedAt.toEpochMilli());
    }
  }

  private static void write(ObjectNode json, WorkerFigures worker) {
    WorkerReport report = worker.report();
    json.put("worker", worker.node()).put("host", report.host());
    ArrayNode roles = json.putArray("roles");
    worker.roles().forEach(roles::add);
    ArrayNode lanes = json.putArray("lanes");
    worker.lanes().forEach(lane -> lanes.add(lane.name()));
    json.put("device", report.device())
        .put("running", report.running())
        .put("done", report.done())
        .put("failed", report.failed())
        .put("batches", report.batches().runs())
        .put("texts", report.batches().texts())
        .put("memory", report.memory())
        .put("version", report.version())
        .put("started_at", worker.startedAt().toEpochMilli())
        .put("seen_at", worker.seenAt().toEpochMilli())
        .put("draining", worker.draining());
  }

  @Override
  public Object decodeFromWire(int position, Buffer buffer) {
    try {
      int length = buffer.getInt(position);
      int first = position + Integer.BYTES;
      if (length < 0 || length > MAX_BYTES || length > buffer.length() - first) {
        return new Unreadable(length + " bytes");
      }
      return read(JsonMappers.PLAIN.readTree(buffer.getBytes(first, first + length)));
    } catch (IOException | RuntimeException e) {
      // Throwing would close the connection to a node that means well.
      return new Unreadable(e.toString());
    }
  }

  private static Object read(JsonNode json) {
    String event = json.path("event").asText();
    return switch (event) {
      case "TaskEnded" -> new Event.TaskEnded(new TaskId(json.path("task").asText()));
      case "RunCancelled" -> new Event.RunCancelled(new TaskId(json.path("task").asText()));
      case "WorkerSeen" -> new Event.WorkerSeen(worker(json));
      case "WorkerLeft" -> new Event.WorkerLeft(json.path("worker").asText(), startedAt(json));
      case "DrainWorker" -> new Event.DrainWorker(json.path("worker").asText(), startedAt(json));
      case "PiecesWanted" -> PiecesJson.wanted(json);
      case "PiecesTold" -> PiecesJson.told(json);
      case "PiecesSought" -> PiecesJson.sought(json);
      case "PiecesFound" -> PiecesJson.found(json);
      default -> new Unreadable("no such event: " + event);
    };
  }

  private static @Nullable Instant startedAt(JsonNode json) {
    return json.has("started_at") ? Instant.ofEpochMilli(json.path("started_at").asLong()) : null;
  }

  private static WorkerFigures worker(JsonNode json) {
    return new WorkerFigures(
        json.path("worker").asText(),
        words(json.path("roles")),
        words(json.path("lanes")).stream().map(Lane::of).toList(),
        Instant.ofEpochMilli(json.path("started_at").asLong()),
        Instant.ofEpochMilli(json.path("seen_at").asLong()),
        json.path("draining").asBoolean(),
        new WorkerReport(
            json.path("host").asText(),
            json.path("device").asText(),
            json.path("running").asLong(),
            json.path("done").asLong(),
            json.path("failed").asLong(),
            new Batches(json.path("batches").asLong(), json.path("texts").asLong()),
            json.path("memory").asLong(-1),
            json.path("version").asText()));
  }

  private static List<String> words(JsonNode array) {
    List<String> words = new ArrayList<>();
    array.forEach(word -> words.add(word.asText()));
    return words;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public byte systemCodecID() {
    return -1;
  }
}
