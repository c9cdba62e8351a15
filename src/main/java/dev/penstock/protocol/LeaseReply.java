package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Work for a worker: of each task what a run needs, and nothing more.
 *
 * @param suspects the lanes in which tasks wait that are to run alone
 */
public record LeaseReply(List<LeasedTask> tasks, Set<String> suspects, LeaseTerms terms) {
  public void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("leases");
    for (LeasedTask task : tasks) {
      write(json, task);
    }
    json.writeEndArray();
    if (!suspects.isEmpty()) {
      json.writeObjectField("suspects", suspects);
    }
    terms.write(json);
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, LeasedTask leased) throws IOException {
    Task task = leased.task();
    TaskSpec spec = task.spec();
    json.writeStartObject();
    json.writeStringField("token", leased.lease().token());
    StrictJson.writeSeconds(json, "expires_at", leased.lease().deadline().toEpochMilli());
    if (leased.run() > 1) {
      json.writeNumberField("run", leased.run());
    }
    byte[] checkpoint = leased.checkpoint();
    if (checkpoint != null) {
      LeftMembers.state(json, "checkpoint", checkpoint);
    }
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
    if (leased.deaths() > 0) {
      json.writeNumberField("deaths", leased.deaths());
    }
    StrictJson.writeSeconds(json, "timeout_seconds", spec.timeout().toMillis());
    Instant startBefore = spec.startBefore();
    if (startBefore != null) {
      StrictJson.writeSeconds(json, "start_before", startBefore.toEpochMilli());
    }
    StrictJson.writeSeconds(json, "created_at", task.createdAt().toEpochMilli());
    json.writeObjectField("metadata", new TreeMap<>(spec.metadata()));
    json.writeFieldName("input");
    StrictJson.writeRaw(json, spec.input());
    json.writeEndObject();
    json.writeEndObject();
  }

  /** Inputs are taken byte for byte, as the submitter's result may show them again. */
  public static LeaseReply read(byte[] body, String worker) throws IOException {
    List<LeasedTask> tasks = new ArrayList<>();
    Set<String> suspects = new HashSet<>();
    ObjectNode rest = JsonMappers.PLAIN.createObjectNode();
    try (JsonParser parser = JsonMappers.PLAIN.createParser(body)) {
      parser.nextToken();
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        JsonToken token = parser.nextToken();
        if (name.equals("leases") && token == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.START_OBJECT) {
            tasks.add(lease(parser, body, worker));
          }
        } else {
          rest.set(name, parser.<JsonNode>readValueAsTree());
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("an answer that makes no sense: " + e.getMessage(), e);
    }
    rest.path("suspects").forEach(lane -> suspects.add(lane.asText()));
    return new LeaseReply(List.copyOf(tasks), Set.copyOf(suspects), LeaseTerms.of(rest));
  }

  private static LeasedTask lease(JsonParser parser, byte[] body, String worker)
      throws IOException {
    ObjectNode lease = JsonMappers.PLAIN.createObjectNode();
    ObjectNode task = JsonMappers.PLAIN.createObjectNode();
    byte[] input = {};
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      if (!name.equals("task")) {
        lease.set(name, parser.<JsonNode>readValueAsTree());
        continue;
      }
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        if (field.equals("input")) {
          input = Members.raw(parser, body);
        } else {
          task.set(field, parser.<JsonNode>readValueAsTree());
        }
      }
    }
    TaskId id = new TaskId(task.path("id").asText());
    Instant deadline = Members.time(lease.path("expires_at"));
    JsonNode checkpoint = lease.path("checkpoint");
    return new LeasedTask(
        task(id, task, input, worker),
        new Lease(id, lease.path("token").asText(), deadline),
        lease.path("run").asLong(1),
        checkpoint.isTextual() ? Base64.getDecoder().decode(checkpoint.textValue()) : null,
        task.path("deaths").asInt());
  }

  private static Task task(TaskId id, JsonNode task, byte[] input, String worker) {
    Map<String, String> metadata = new HashMap<>();
    task.path("metadata")
        .properties()
        .forEach(pair -> metadata.put(pair.getKey(), pair.getValue().asText()));
    var spec =
        new TaskSpec(
            id,
            new TaskSpec.Work(
                Lane.of(task.path("lane").asText()),
                new Priority(task.path("priority").asInt()),
                input,
                null,
                task.has("start_before") ? Members.time(task.path("start_before")) : null),
            new TaskSpec.Limits(
                task.path("max_attempts").asInt(), Members.duration(task.path("timeout_seconds"))),
            new Retention(Duration.ZERO, Duration.ZERO), // the server's business
            new TaskSpec.Origin(task.path("owner").asText(), metadata, null, null));
    return new Task(
        spec,
        TaskState.PROCESSING,
        task.path("attempts").asInt(),
        task.path("lost").asInt(),
        null,
        Members.time(task.path("created_at")),
        Instant.now(),
        null,
        worker,
        null,
        null);
  }
}
