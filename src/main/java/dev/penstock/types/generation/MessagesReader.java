package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the messages of a conversation. What nobody looks at is left out of them. */
final class MessagesReader {
  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool");

  private static final String CONTENT = "content";
  private static final String CALLS = "tool_calls";
  private static final int MOST = 10_000;
  private static final int MOST_CALLS = 128;
  private static final int MAX_WORD = 256;

  private MessagesReader() {}

  static ArrayNode read(Fields body) {
    JsonNode given = body.value("messages");
    if (given == null) {
      throw body.bad("messages", "is missing");
    }
    if (!given.isArray() || given.isEmpty() || given.size() > MOST) {
      throw body.bad("messages", "must be a list of 1 to " + MOST + " messages");
    }
    ArrayNode messages = StrictJson.nodes().arrayNode(given.size());
    for (int i = 0; i < given.size(); i++) {
      String place = body.param("messages") + "[" + i + "]";
      if (!given.get(i).isObject()) {
        throw Fields.problem(place, "must be an object");
      }
      messages.add(message(new Fields(given.get(i), place + ".")));
    }
    return messages;
  }

  private static ObjectNode message(Fields fields) {
    String role = fields.required("role", MAX_WORD);
    if (!ROLES.contains(role)) {
      throw fields.bad("role", "must be system, developer, user, assistant or tool");
    }
    ObjectNode message = StrictJson.nodes().objectNode().put("role", role);
    String name = fields.textIfAny("name", MAX_WORD);
    if (name != null) {
      message.put("name", name);
    }
    boolean assistant = role.equals("assistant");
    JsonNode calls = assistant ? fields.value(CALLS) : null;
    String content = content(fields, assistant);
    if (content == null && !assistant) {
      throw fields.bad(CONTENT, "is missing");
    }
    message.put(CONTENT, content);
    if (calls != null) {
      ArrayNode checked = calls(fields, calls);
      if (!checked.isEmpty()) {
        message.set(CALLS, checked);
      }
    }
    JsonNode thought = assistant ? fields.value("reasoning_content") : null;
    if (thought != null) {
      if (!thought.isTextual()) {
        throw fields.bad("reasoning_content", "must be a string");
      }
      message.set("reasoning_content", thought);
    }
    if (role.equals("tool")) {
      message.put("tool_call_id", fields.required("tool_call_id", MAX_WORD));
    }
    return message;
  }

  /** Parts become one text, with a new line between them. */
  private static @Nullable String content(Fields fields, boolean assistant) {
    JsonNode given = fields.value(CONTENT);
    if (given == null || given.isTextual()) {
      return given == null ? null : given.textValue();
    }
    if (!given.isArray()) {
      throw fields.bad(CONTENT, "must be a string, or a list of parts");
    }
    var text = new StringBuilder();
    for (int i = 0; i < given.size(); i++) {
      String place = fields.param(CONTENT) + "[" + i + "]";
      if (!given.get(i).isObject()) {
        throw Fields.problem(place, "must be an object");
      }
      text.append(i == 0 ? "" : "\n")
          .append(part(new Fields(given.get(i), place + "."), assistant));
    }
    return text.toString();
  }

  private static String part(Fields fields, boolean assistant) {
    String type = fields.required("type", MAX_WORD);
    String member =
        switch (type) {
          case "text", "input_text", "output_text" -> "text";
          case "refusal" -> assistant ? "refusal" : "";
          default -> "";
        };
    if (member.isEmpty()) {
      throw fields.bad(
          "type", "is " + StrictJson.quote(type) + ": the models here read texts and nothing else");
    }
    JsonNode text = fields.value(member);
    if (text == null || !text.isTextual()) {
      throw fields.bad(member, text == null ? "is missing" : "must be a string");
    }
    return text.textValue();
  }

  private static ArrayNode calls(Fields message, JsonNode given) {
    if (!given.isArray() || given.size() > MOST_CALLS) {
      throw message.bad(CALLS, "must be a list of at most " + MOST_CALLS + " calls");
    }
    ArrayNode calls = StrictJson.nodes().arrayNode(given.size());
    for (int i = 0; i < given.size(); i++) {
      String place = message.param(CALLS) + "[" + i + "]";
      if (!given.get(i).isObject()) {
        throw Fields.problem(place, "must be an object");
      }
      var fields = new Fields(given.get(i), place + ".");
      String type = fields.textIfAny("type", MAX_WORD);
      if (type != null && !type.equals("function")) {
        throw fields.bad("type", "must be 'function'");
      }
      Fields function = function(fields);
      JsonNode arguments = function.value("arguments");
      if (arguments != null && !arguments.isTextual()) {
        throw function.bad("arguments", "must be a string of JSON");
      }
      ObjectNode call = calls.addObject();
      call.put("id", fields.required("id", MAX_WORD)).put("type", "function");
      call.putObject("function")
          .put("name", function.required("name", MAX_WORD))
          .put("arguments", arguments == null ? "" : arguments.textValue());
    }
    return calls;
  }

  /** The member of that name, an object. */
  static Fields function(Fields fields) {
    JsonNode function = fields.value("function");
    if (function == null || !function.isObject()) {
      throw fields.bad("function", function == null ? "is missing" : "must be an object");
    }
    return new Fields(function, fields.param("function") + ".");
  }
}
