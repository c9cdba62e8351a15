package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
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
 * @param startedAt tells it from earlier ones of the same name; null: it does not say
 */
public record Introduction(List<Lane> lanes, @Nullable Instant startedAt, WorkerReport report) {
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
  public static Introduction none(@Nullable Instant startedAt) {
    return new Introduction(List.of(), startedAt, WorkerReport.NONE);
  }

  void write(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("figures");
    if (startedAt != null) {
      Members.seconds(json, "started_at", startedAt.toEpochMilli());
    }
    if (!equals(none(startedAt))) {
      writeFigures(json);
    }
    json.writeEndObject();
  }

  private void writeFigures(JsonGenerator json) throws IOException {
    if (!report.host().isEmpty()) {
      json.writeStringField("host", report.host());
    }
    json.writeObjectField(
        "lanes", lanes.stream().limit(LeaseRequest.MAX_LANES).map(Lane::name).toList());
    json.writeStringField("device", report.device());
    json.writeNumberField("running", report.running());
    json.writeNumberField("done", report.done());
    json.writeNumberField("failed", report.failed());
    json.writeObjectFieldStart("batches");
    json.writeNumberField("runs", report.batches().runs());
    json.writeNumberField("texts", report.batches().texts());
    json.writeEndObject();
    if (report.memory() >= 0) {
      json.writeNumberField("memory_bytes", report.memory());
    }
    json.writeStringField("version", report.version());
  }

  static @Nullable Introduction read(Fields request, KnownLanes known) {
    Fields fields = request.inner("figures", FIGURES);
    if (fields == null) {
      return null;
    }
    Double started = fields.number("started_at", 0, LAST_TIME);
    String host = word(fields, "host");
    return new Introduction(
        lanes(fields, known),
        started == null ? null : Instant.ofEpochMilli(Math.round(started * Members.MILLIS)),
        new WorkerReport(
            host,
            word(fields, "device"),
            Members.count(fields, "running"),
            Members.count(fields, "done"),
            Members.count(fields, "failed"),
            batches(fields),
            fields.value("memory_bytes") == null ? -1 : Members.count(fields, "memory_bytes"),
            word(fields, "version")));
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
    Fields fields = figures.inner("batches", Set.of("runs", "texts"));
    return fields == null
        ? WorkerReport.NONE.batches()
        : new Batches(Members.count(fields, "runs"), Members.count(fields, "texts"));
  }

  private static String word(Fields fields, String name) {
    return Members.perhapsEmpty(fields, name, Members.MAX_WORD)
        .replaceAll("\\p{C}", "?")
        .toLowerCase(Locale.ROOT);
  }
}
