package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.Fields;
import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a run leaves, in the messages that say so: its checkpoint, and the children it has read. */
final class LeftMembers {
  private static final int MAX_BASE64 = (Control.MAX_CHECKPOINT + 2) / 3 * 4;

  private LeftMembers() {}

  static void write(JsonGenerator json, @Nullable Checkpoint left) throws IOException {
    if (left == null) {
      return;
    }
    state(json, "checkpoint", left.state());
    if (!left.read().isEmpty()) {
      json.writeArrayFieldStart("read");
      for (TaskId id : left.read()) {
        json.writeString(id.value());
      }
      json.writeEndArray();
    }
  }

  static void state(JsonGenerator json, String name, byte[] state) throws IOException {
    json.writeStringField(name, Base64.getEncoder().encodeToString(state));
  }

  /**
   * Null: there is none, or one that cannot be. What it goes with counts all the same, and a run
   * goes on from the last good one. It is left out with what is read: each counts on the other.
   */
  static @Nullable Checkpoint read(Fields fields, int mostRead) {
    byte[] state;
    try {
      state = state(fields, "checkpoint");
    } catch (InvalidInput e) {
      return null;
    }
    List<TaskId> read = ids(fields, mostRead);
    return state == null || read == null ? null : new Checkpoint(state, read);
  }

  /** Null: there is none. An empty one is one. */
  static byte @Nullable [] state(Fields fields, String name) {
    JsonNode value = fields.value(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual() || value.textValue().length() > MAX_BASE64) {
      throw fields.bad(name, "must be base64 of at most " + Control.MAX_CHECKPOINT + " bytes");
    }
    try {
      byte[] state = Base64.getDecoder().decode(value.textValue());
      if (state.length <= Control.MAX_CHECKPOINT) {
        return state;
      }
    } catch (IllegalArgumentException e) {
      throw fields.bad(name, "is not base64");
    }
    throw fields.bad(name, "must be base64 of at most " + Control.MAX_CHECKPOINT + " bytes");
  }

  /** Those that can be a task's: no other is a child. Null: it is no list, or too long a one. */
  private static @Nullable List<TaskId> ids(Fields fields, int most) {
    JsonNode value = fields.value("read");
    if (value == null) {
      return List.of();
    }
    if (!value.isArray() || value.size() > most) {
      return null;
    }
    List<TaskId> ids = new ArrayList<>(value.size());
    for (JsonNode id : value) {
      TaskId.parse(id.asText()).ifPresent(ids::add);
    }
    return ids;
  }
}
