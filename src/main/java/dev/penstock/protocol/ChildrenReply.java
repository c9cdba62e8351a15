package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.EndedChildren.Child;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Children that have ended, with their results byte for byte. */
public final class ChildrenReply {
  private static final Base64.Encoder BASE64 = Base64.getEncoder();

  private ChildrenReply() {}

  public static void write(JsonGenerator json, EndedChildren page) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("children");
    for (Child child : page.children()) {
      write(json, child);
    }
    json.writeEndArray();
    json.writeBooleanField("more", page.more());
    json.writeNumberField("open", page.open());
    json.writeEndObject();
  }

  /** What is no JSON comes as it is, in base64. */
  private static void write(JsonGenerator json, Child child) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", child.id().value());
    json.writeStringField("key", child.key());
    json.writeStringField("status", child.state().json());
    TaskOutput output = child.output();
    if (output != null && output.format() == TaskOutput.Format.JSON) {
      json.writeFieldName("result");
      StrictJson.writeRaw(json, output.bytes());
    } else if (output != null) {
      json.writeStringField("format", output.format().name().toLowerCase(Locale.ROOT));
      json.writeStringField("result", BASE64.encodeToString(output.bytes()));
    }
    TaskError error = child.error();
    if (error != null) {
      json.writeObjectFieldStart("error");
      json.writeStringField("code", error.code().json());
      json.writeStringField("message", StrictJson.whole(error.message()));
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  public static EndedChildren read(byte[] body) throws IOException {
    List<Child> children = new ArrayList<>();
    ObjectNode rest = JsonMappers.PLAIN.createObjectNode();
    try (JsonParser parser = JsonMappers.PLAIN.createParser(body)) {
      parser.nextToken();
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        JsonToken token = parser.nextToken();
        if (name.equals("children") && token == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.START_OBJECT) {
            children.add(child(parser, body));
          }
        } else {
          rest.set(name, parser.<JsonNode>readValueAsTree());
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("an answer that makes no sense: " + e.getMessage(), e);
    }
    return new EndedChildren(
        children, rest.path("more").asBoolean(false), rest.path("open").asInt(0));
  }

  private static Child child(JsonParser parser, byte[] body) throws IOException {
    ObjectNode child = JsonMappers.PLAIN.createObjectNode();
    byte[] result = {};
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      if (name.equals("result")) {
        result = Members.raw(parser, body);
      } else {
        child.set(name, parser.<JsonNode>readValueAsTree());
      }
    }
    String status = child.path("status").asText();
    return new Child(
        new TaskId(child.path("id").asText()),
        child.path("key").asText(),
        Arrays.stream(TaskState.values())
            .filter(state -> state.ended() && state.json().equals(status))
            .findFirst()
            .orElse(TaskState.FAILED),
        result.length == 0 ? null : output(child.path("format").asText(), result),
        error(child.path("error")));
  }

  private static TaskOutput output(String format, byte[] result) throws IOException {
    if (format.isEmpty()) {
      return new TaskOutput(TaskOutput.Format.JSON, result);
    }
    return new TaskOutput(
        TaskOutput.Format.valueOf(format.toUpperCase(Locale.ROOT)),
        Base64.getDecoder().decode(JsonMappers.PLAIN.readTree(result).asText()));
  }

  /** A code that is not known here is a newer server's. */
  private static @Nullable TaskError error(JsonNode error) {
    if (!error.isObject()) {
      return null;
    }
    String word = error.path("code").asText();
    Code code =
        Arrays.stream(Code.values())
            .filter(each -> each.json().equals(word))
            .findFirst()
            .orElse(Code.HANDLER_FAILED);
    return new TaskError(code, error.path("message").asText());
  }
}
