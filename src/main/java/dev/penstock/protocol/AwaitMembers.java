package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.SubmitBounds;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.ChildTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome.Await;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec.Limits;
import dev.penstock.task.TaskSpec.Retention;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An await, as a settle says it. */
final class AwaitMembers {
  static final List<String> NAMES =
      List.of("children", "wake_at", "wait_seconds", "wake_on_failure", "await_checkpoint");

  private static final Set<String> CHILD =
      Set.of(
          "key",
          "type",
          "model",
          "input",
          "priority",
          "max_attempts",
          "timeout_seconds",
          "ttl_seconds",
          "metadata");

  private static final int DAY = (int) SubmitBounds.RUN.toSeconds();
  private static final int MONTH = (int) SubmitBounds.KEPT.toSeconds();

  private AwaitMembers() {}

  static void write(JsonGenerator json, Await await) throws IOException {
    json.writeArrayFieldStart("children");
    for (ChildTask child : await.children()) {
      write(json, child);
    }
    json.writeEndArray();
    json.writeNumberField("wake_at", Math.min(await.wakeAt(), Await.MOST_OPEN));
    Duration atMost = await.atMost();
    if (atMost != null) {
      Members.seconds(json, "wait_seconds", Members.allowed(atMost).toMillis());
    }
    if (await.wakeOnFailure()) {
      json.writeBooleanField("wake_on_failure", true);
    }
    byte[] state = await.checkpoint();
    if (state != null) {
      LeftMembers.state(json, "await_checkpoint", state);
    }
  }

  private static void write(JsonGenerator json, ChildTask child) throws IOException {
    json.writeStartObject();
    json.writeStringField("key", child.key());
    json.writeStringField("type", child.lane().type());
    String model = child.lane().model();
    if (model != null) {
      json.writeStringField("model", model);
    }
    Priority priority = child.priority();
    if (priority != null) {
      json.writeNumberField("priority", priority.value());
    }
    Limits limits = child.limits();
    if (limits != null) {
      json.writeNumberField("max_attempts", limits.maxAttempts());
      Members.seconds(json, "timeout_seconds", limits.timeout().toMillis());
    }
    Retention retention = child.retention();
    if (retention != null) {
      json.writeNumberField(
          "ttl_seconds",
          Math.max(retention.completed().toSeconds(), retention.failed().toSeconds()));
    }
    if (!child.metadata().isEmpty()) {
      json.writeObjectField("metadata", new TreeMap<>(child.metadata()));
    }
    json.writeFieldName("input");
    json.writeRawValue(new String(child.input(), StandardCharsets.UTF_8));
    json.writeEndObject();
  }

  static Await read(Fields fields) {
    Integer wakeAt = fields.integer("wake_at", 0, Await.MOST_OPEN);
    Double wait = fields.number("wait_seconds", 0, MONTH);
    boolean wakeOnFailure = Members.flag(fields, "wake_on_failure");
    return new Await(
        children(fields),
        wakeAt == null ? 0 : wakeAt,
        wait == null ? null : Members.duration(wait),
        wakeOnFailure,
        LeftMembers.state(fields, "await_checkpoint"));
  }

  private static List<ChildTask> children(Fields fields) {
    JsonNode value = fields.value("children");
    if (value == null) {
      return List.of();
    }
    if (!value.isArray() || value.size() > Await.MOST_CHILDREN) {
      throw fields.bad("children", "must be a list of at most " + Await.MOST_CHILDREN + " tasks");
    }
    List<ChildTask> children = new ArrayList<>(value.size());
    Set<String> keys = new HashSet<>();
    long bytes = 0;
    for (int i = 0; i < value.size(); i++) {
      if (!value.get(i).isObject()) {
        throw fields.bad("children[" + i + "]", "must be an object");
      }
      var child = new Fields(value.get(i), "children[" + i + "].");
      children.add(child(child));
      if (!keys.add(children.getLast().key())) {
        throw child.bad("key", "is there more than once");
      }
      bytes += children.getLast().input().length;
    }
    if (bytes > Await.MOST_BYTES) {
      throw fields.bad(
          "children", "have inputs of more than " + Await.MOST_BYTES + " bytes in all");
    }
    return children;
  }

  private static ChildTask child(Fields child) {
    child.only(CHILD);
    Integer priority = child.integer("priority", Priority.MIN, Priority.MAX);
    Integer ttl = child.integer("ttl_seconds", 0, MONTH);
    Duration kept = ttl == null ? Duration.ZERO : Duration.ofSeconds(ttl);
    JsonNode given = child.value("input");
    JsonNode input = given == null ? StrictJson.nodes().objectNode() : given;
    StrictJson.check(input); // It is passed on as it is.
    return new ChildTask(
        child.required("key", ChildTask.MAX_KEY),
        lane(child),
        StrictJson.write(json -> json.writeTree(input)),
        priority == null ? null : new Priority(priority),
        limits(child),
        ttl == null ? null : new Retention(kept, kept),
        metadata(child));
  }

  /** Whether there is such a lane is looked at with the child's input. */
  private static Lane lane(Fields child) {
    String type = child.required("type", Members.MAX_WORD);
    if (type.indexOf('.') >= 0 || type.isBlank()) {
      throw child.bad("type", "is no task type");
    }
    return new Lane(type, child.text("model", Members.MAX_NAME));
  }

  /** What is not said is the parent's, but only all of it. */
  private static @Nullable Limits limits(Fields child) {
    Integer attempts = child.integer("max_attempts", 1, SubmitBounds.ATTEMPTS);
    Double timeout = child.number("timeout_seconds", 1, DAY);
    if ((attempts == null) != (timeout == null)) {
      throw child.bad(
          attempts == null ? "max_attempts" : "timeout_seconds",
          "is missing: say both max_attempts and timeout_seconds, or neither");
    }
    return attempts == null || timeout == null
        ? null
        : new Limits(attempts, Members.duration(timeout));
  }

  private static Map<String, String> metadata(Fields child) {
    JsonNode given = child.value("metadata");
    if (given == null) {
      return Map.of();
    }
    if (!given.isObject() || given.size() > SubmitBounds.METADATA) {
      throw child.bad(
          "metadata", "must be an object of at most " + SubmitBounds.METADATA + " strings");
    }
    Map<String, String> pairs = new HashMap<>();
    for (var pair : given.properties()) {
      JsonNode value = pair.getValue();
      if (pair.getKey().isEmpty()
          || Fields.length(pair.getKey()) > SubmitBounds.METADATA_NAME
          || !value.isTextual()
          || Fields.length(value.textValue()) > SubmitBounds.METADATA_VALUE) {
        throw child.bad(
            "metadata",
            "has keys of 1 to %d characters and strings of at most %d"
                .formatted(SubmitBounds.METADATA_NAME, SubmitBounds.METADATA_VALUE));
      }
      pairs.put(pair.getKey(), value.textValue());
    }
    return pairs;
  }
}
