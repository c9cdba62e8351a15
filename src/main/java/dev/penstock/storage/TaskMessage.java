package dev.penstock.storage;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.JsonMappers;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task as bytes, whole: as a broker carries it, so that a message whose record was lost can make
 * a new one, and as stores keep children that are not inserted yet. One byte of version, four of
 * length, a head of JSON, and the input as it is.
 */
public final class TaskMessage {
  private static final byte VERSION = 1;
  private static final int USUAL_HEAD = 512;
  private static final int BEFORE_HEAD = 1 + Integer.BYTES;

  // ASCII alone: UTF-8 has no form for half a surrogate pair, which metadata may hold.
  private TaskMessage() {}

  public static byte[] encode(TaskSpec task) {
    var head = new ByteArrayOutputStream(USUAL_HEAD);
    try (JsonGenerator json = JsonMappers.ASCII.createGenerator(head)) {
      write(json, task);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ByteBuffer.allocate(BEFORE_HEAD + head.size() + task.input().length)
        .put(VERSION)
        .putInt(head.size())
        .put(head.toByteArray())
        .put(task.input())
        .array();
  }

  private static void write(JsonGenerator json, TaskSpec task) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", task.id().value());
    json.writeStringField("lane", task.lane().name());
    json.writeStringField("owner", task.owner());
    json.writeNumberField("priority", task.priority().value());
    json.writeNumberField("max_attempts", task.maxAttempts());
    json.writeStringField("timeout", task.timeout().toString());
    json.writeStringField("keep_completed", task.retention().completed().toString());
    json.writeStringField("keep_failed", task.retention().failed().toString());
    Instant runAt = task.runAt();
    if (runAt != null) {
      json.writeStringField("run_at", runAt.toString());
    }
    Instant startBefore = task.startBefore();
    if (startBefore != null) {
      json.writeStringField("start_before", startBefore.toString());
    }
    if (task.replyTo() != null) {
      json.writeStringField("reply_to", task.replyTo());
    }
    TaskId parent = task.parent();
    if (parent != null) {
      json.writeStringField("parent", parent.value());
    }
    if (task.origin().submittedAt() != null) {
      json.writeStringField("submitted_at", task.origin().submittedAt().toString());
    }
    json.writeObjectField("metadata", task.metadata());
    Identity identity = task.identity();
    if (identity != null) {
      json.writeObjectFieldStart("identity");
      switch (identity) {
        case Identity.Named(var name, var content, _) -> {
          json.writeStringField("name", name);
          json.writeStringField("content", content);
        }
        case Identity.Alike(var work) -> json.writeStringField("work", work);
      }
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  /**
   * The task of such bytes.
   *
   * @throws IllegalArgumentException for what no Penstock of this version has written
   */
  public static TaskSpec decode(byte[] message) {
    ByteBuffer rest = ByteBuffer.wrap(message);
    if (message.length < BEFORE_HEAD || rest.get() != VERSION) {
      throw new IllegalArgumentException("not a task of version " + VERSION);
    }
    int length = rest.getInt();
    if (length < 0 || length > rest.remaining()) {
      throw new IllegalArgumentException("a task cut short");
    }
    try {
      JsonNode head = JsonMappers.ASCII.readTree(message, BEFORE_HEAD, length);
      byte[] input = new byte[rest.remaining() - length];
      rest.position(BEFORE_HEAD + length).get(input);
      return task(head, input);
    } catch (IOException | DateTimeException e) {
      throw new IllegalArgumentException("a task with a broken head", e);
    }
  }

  private static TaskSpec task(JsonNode head, byte[] input) {
    Map<String, String> metadata = new HashMap<>();
    head.path("metadata")
        .properties()
        .forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
    return new TaskSpec(
        new TaskId(text(head, "id")),
        new TaskSpec.Work(
            Lane.of(text(head, "lane")),
            new Priority(head.path("priority").asInt()),
            input,
            head.has("run_at") ? Instant.parse(text(head, "run_at")) : null,
            head.has("start_before") ? Instant.parse(text(head, "start_before")) : null),
        new TaskSpec.Limits(
            head.path("max_attempts").asInt(), Duration.parse(text(head, "timeout"))),
        new TaskSpec.Retention(
            Duration.parse(text(head, "keep_completed")),
            Duration.parse(text(head, "keep_failed"))),
        new TaskSpec.Origin(
            text(head, "owner"),
            metadata,
            identity(head.path("identity")),
            head.has("reply_to") ? text(head, "reply_to") : null,
            head.has("parent") ? new TaskId(text(head, "parent")) : null,
            head.has("submitted_at") ? Instant.parse(text(head, "submitted_at")) : null));
  }

  private static @Nullable Identity identity(JsonNode kept) {
    if (kept.has("work")) {
      return new Identity.Alike(text(kept, "work"));
    }
    return kept.has("name") ? new Identity.Named(text(kept, "name"), text(kept, "content")) : null;
  }

  private static String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("a task without its " + name);
    }
    return value.asText();
  }
}
