package dev.penstock.api.worker;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.TreeMap;

/** Leases as remote workers see them: what a run needs, and nothing more. */
final class WorkerJson {
  private static final int MILLI_DIGITS = 3;

  private WorkerJson() {}

  static void write(JsonGenerator json, LeasedTask leased) throws IOException {
    Task task = leased.task();
    TaskSpec spec = task.spec();
    json.writeStartObject();
    json.writeStringField("token", leased.lease().token());
    time(json, "expires_at", leased.lease().deadline());
    json.writeObjectFieldStart("task");
    json.writeStringField("id", task.id().value());
    json.writeStringField("lane", spec.lane().name());
    json.writeStringField("type", spec.lane().type());
    if (spec.lane().model() != null) {
      json.writeStringField("model", spec.lane().model());
    }
    json.writeStringField("owner", spec.owner());
    json.writeNumberField("priority", spec.priority().value());
    json.writeNumberField("attempts", task.attempts());
    json.writeNumberField("max_attempts", spec.maxAttempts());
    json.writeNumberField("lost", task.lost());
    json.writeNumberField(
        "timeout_seconds", BigDecimal.valueOf(spec.timeout().toMillis(), MILLI_DIGITS));
    time(json, "created_at", task.createdAt());
    json.writeObjectFieldStart("metadata");
    for (var pair : new TreeMap<>(spec.metadata()).entrySet()) {
      json.writeStringField(pair.getKey(), pair.getValue());
    }
    json.writeEndObject();
    json.writeFieldName("input");
    json.writeRawValue(new String(spec.input(), StandardCharsets.UTF_8));
    json.writeEndObject();
    json.writeEndObject();
  }

  /** How long leases last, by the server's clock, and whether the worker is to take no more. */
  static void writeTerms(JsonGenerator json, Duration lease, boolean drain) throws IOException {
    json.writeNumberField("lease_seconds", BigDecimal.valueOf(lease.toMillis(), MILLI_DIGITS));
    if (drain) {
      json.writeBooleanField("drain", true);
    }
  }

  static void time(JsonGenerator json, String name, Instant time) throws IOException {
    json.writeNumberField(name, BigDecimal.valueOf(time.toEpochMilli(), MILLI_DIGITS));
  }
}
