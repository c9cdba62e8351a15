package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bus.Request.Batches;
import dev.penstock.bus.Request.WorkerFigures;
import dev.penstock.json.Fields;
import dev.penstock.task.Lane;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says of itself; absent members are empty, 0 or −1.
 *
 * @param startedAt tells it from earlier ones of the same name
 */
public record WorkerReport(
    String host,
    List<Lane> lanes,
    String device,
    long running,
    long done,
    long failed,
    Batches batches,
    long memory,
    String version,
    @Nullable Instant startedAt) {
  private static final double LAST_TIME = 1e11;
  private static final Set<String> FIGURES =
      Set.of(
          "host",
          "lanes",
          "device",
          "running",
          "done",
          "failed",
          "batches",
          "memory_bytes",
          "version",
          "started_at");

  /** Before anything is known. */
  public static WorkerReport nothing(@Nullable Instant startedAt) {
    return new WorkerReport("", List.of(), "", 0, 0, 0, new Batches(0, 0), -1, "", startedAt);
  }

  public static WorkerReport of(WorkerFigures figures, Instant startedAt) {
    return new WorkerReport(
        figures.host(),
        figures.lanes(),
        figures.device(),
        figures.running(),
        figures.done(),
        figures.failed(),
        figures.batches(),
        figures.memory(),
        figures.version(),
        startedAt);
  }

  void write(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("figures");
    if (startedAt != null) {
      Members.seconds(json, "started_at", startedAt.toEpochMilli());
    }
    if (!equals(nothing(startedAt))) {
      writeFigures(json);
    }
    json.writeEndObject();
  }

  private void writeFigures(JsonGenerator json) throws IOException {
    if (!host.isEmpty()) {
      json.writeStringField("host", host);
    }
    json.writeArrayFieldStart("lanes");
    for (Lane lane : lanes.subList(0, Math.min(LeaseRequest.MAX_LANES, lanes.size()))) {
      json.writeString(lane.name());
    }
    json.writeEndArray();
    json.writeStringField("device", device);
    json.writeNumberField("running", running);
    json.writeNumberField("done", done);
    json.writeNumberField("failed", failed);
    json.writeObjectFieldStart("batches");
    json.writeNumberField("runs", batches.runs());
    json.writeNumberField("texts", batches.texts());
    json.writeEndObject();
    if (memory >= 0) {
      json.writeNumberField("memory_bytes", memory);
    }
    json.writeStringField("version", version);
  }

  static @Nullable WorkerReport read(Fields request, KnownLanes known) {
    JsonNode value = request.value("figures");
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      throw request.bad("figures", "must be an object");
    }
    var fields = new Fields(value, "figures.");
    fields.only(FIGURES);
    Double started = fields.number("started_at", 0, LAST_TIME);
    return new WorkerReport(
        word(fields, "host"),
        lanes(fields, known),
        word(fields, "device"),
        Members.count(fields, "running"),
        Members.count(fields, "done"),
        Members.count(fields, "failed"),
        batches(fields),
        fields.value("memory_bytes") == null ? -1 : Members.count(fields, "memory_bytes"),
        word(fields, "version"),
        started == null ? null : Instant.ofEpochMilli(Math.round(started * Members.MILLIS)));
  }

  /** Those that are known: a worker may have models that this server has not. */
  private static List<Lane> lanes(Fields fields, KnownLanes known) {
    JsonNode given = fields.value("lanes");
    if (given == null) {
      return List.of();
    }
    if (!given.isArray() || given.size() > LeaseRequest.MAX_LANES) {
      throw fields.bad("lanes", "must be a list of at most " + LeaseRequest.MAX_LANES + " names");
    }
    List<Lane> lanes = new ArrayList<>();
    for (JsonNode name : given) {
      if (!name.isTextual()) {
        throw fields.bad("lanes", "must be a list of names");
      }
      known.find(name.textValue()).ifPresent(lanes::add);
    }
    return lanes;
  }

  private static Batches batches(Fields figures) {
    JsonNode value = figures.value("batches");
    if (value == null) {
      return new Batches(0, 0);
    }
    if (!value.isObject()) {
      throw figures.bad("batches", "must be an object");
    }
    var fields = new Fields(value, "figures.batches.");
    fields.only(Set.of("runs", "texts"));
    return new Batches(Members.count(fields, "runs"), Members.count(fields, "texts"));
  }

  private static String word(Fields fields, String name) {
    JsonNode value = fields.value(name);
    boolean empty = value == null || (value.isTextual() && value.textValue().isEmpty());
    String text = empty ? null : fields.text(name, Members.MAX_WORD);
    return text == null ? "" : text.replaceAll("\\p{C}", "?").toLowerCase(Locale.ROOT);
  }
}
