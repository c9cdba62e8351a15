package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.StrictJson;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What became of the leases that a worker holds. */
public record ExtendReply(List<Extension> leases, LeaseTerms terms) {
  public enum Status {
    HELD,
    LOST,
    CANCELLED
  }

  public record Extension(TaskId id, Status status) {}

  /** The tasks that are not the worker's any more. */
  public Set<TaskId> lost() {
    return leases.stream()
        .filter(each -> each.status != Status.HELD)
        .map(Extension::id)
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Writes it.
   *
   * @param until when those that are held end now
   */
  public void write(JsonGenerator json, Instant until) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("leases");
    for (Extension each : leases) {
      json.writeStartObject();
      json.writeStringField("id", each.id.value());
      json.writeStringField("status", each.status.name().toLowerCase(Locale.ROOT));
      if (each.status == Status.HELD) {
        StrictJson.writeSeconds(json, "expires_at", until.toEpochMilli());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    terms.write(json);
    json.writeEndObject();
  }

  /** A status that is not known here is a lease that is lost. */
  public static ExtendReply read(byte[] body) throws IOException {
    JsonNode reply = Members.tree(body);
    List<Extension> leases = new ArrayList<>();
    for (JsonNode lease : reply.path("leases")) {
      Status status =
          switch (lease.path("status").asText()) {
            case "held" -> Status.HELD;
            case "cancelled" -> Status.CANCELLED;
            default -> Status.LOST;
          };
      TaskId.parse(lease.path("id").asText())
          .ifPresent(id -> leases.add(new Extension(id, status)));
    }
    return new ExtendReply(List.copyOf(leases), LeaseTerms.of(reply));
  }
}
