package dev.penstock.engine.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.json.JsonMappers;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Tells a model of tools in words, where its chat template knows none. */
public final class ToolText {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Set<String> SYSTEM = Set.of("system", "developer");
  private static final String CONTENT = "content";

  private ToolText() {}

  /**
   * A conversation without tools that says the same: the functions stand in the message of the
   * system, calls are JSON that the assistant has said, and what came of them the user says.
   *
   * @param messages as OpenAI's, checked
   */
  public static ArrayNode in(ArrayNode messages, Tools tools) {
    ArrayNode told = JSON.arrayNode();
    Map<String, String> names = new HashMap<>();
    for (JsonNode message : messages) {
      JsonNode calls = message.path("tool_calls");
      String role = message.path("role").asText();
      if (!calls.isEmpty()) {
        calls.forEach(
            each -> names.put(each.path("id").asText(), each.at("/function/name").asText()));
        ObjectNode said = JSON.objectNode().put("role", role);
        String before = text(message.path(CONTENT));
        said.put(CONTENT, (before.isEmpty() ? "" : before + "\n") + called(calls));
        told.add(said);
      } else if (role.equals("tool")) {
        String id = message.path("tool_call_id").asText();
        user(
            told,
            "Result of " + names.getOrDefault(id, "the call") + ": " + text(message.path(CONTENT)));
      } else {
        told.add(message);
      }
    }
    if (!tools.functions().isEmpty() && tools.choice() != Tools.Choice.NONE) {
      tell(told, words(tools));
    }
    return told;
  }

  private static void user(ArrayNode messages, String text) {
    JsonNode last = messages.path(messages.size() - 1);
    if (last.path("role").asText().equals("user") && last.path(CONTENT).isTextual()) {
      ObjectNode more = last.deepCopy();
      more.put(CONTENT, last.path(CONTENT).asText() + "\n" + text);
      messages.set(messages.size() - 1, more);
    } else {
      messages.addObject().put("role", "user").put(CONTENT, text);
    }
  }

  private static void tell(ArrayNode messages, String words) {
    JsonNode first = messages.path(0);
    if (!SYSTEM.contains(first.path("role").asText())) {
      messages.insertObject(0).put("role", "system").put(CONTENT, words);
      return;
    }
    ObjectNode system = first.deepCopy();
    if (system.path(CONTENT).isArray()) {
      ((ArrayNode) system.get(CONTENT)).addObject().put("type", "text").put("text", "\n\n" + words);
    } else {
      system.put(CONTENT, first.path(CONTENT).asText() + "\n\n" + words);
    }
    messages.set(0, system);
  }

  private static String words(Tools tools) {
    var words = new StringBuilder("You can call these functions, each described in JSON:\n");
    for (JsonNode tool : tools.functions()) {
      boolean other =
          tools.choice() == Tools.Choice.NAMED
              && !tool.at("/function/name").asText().equals(tools.name());
      if (!other) {
        ObjectNode function = JSON.objectNode();
        for (String member : new String[] {"name", "description", "parameters"}) {
          if (tool.path("function").has(member)) {
            function.set(member, tool.path("function").get(member));
          }
        }
        words.append(function).append('\n');
      }
    }
    words
        .append("To call ")
        .append(tools.parallel() ? "one or more of them" : "one of them")
        .append(", answer with nothing but JSON of this form, without any other words:\n")
        .append(
            "{\"tool_calls\": [{\"name\": \"NAME\", \"arguments\": {\"ARGUMENT\": \"VALUE\"}}]}\n");
    return words
        .append(
            tools.choice() == Tools.Choice.AUTO
                ? "Call one only where you need what it gives; else answer in plain words."
                : "You have to call one now.")
        .toString();
  }

  private static String called(JsonNode calls) {
    ObjectNode all = JSON.objectNode();
    ArrayNode list = all.putArray("tool_calls");
    for (JsonNode call : calls) {
      ObjectNode one = list.addObject().put("name", call.at("/function/name").asText());
      one.set("arguments", parsed(call.at("/function/arguments")));
    }
    return all.toString();
  }

  /** What OpenAI's messages have as a text is the JSON in it. */
  private static JsonNode parsed(JsonNode arguments) {
    try {
      return arguments.isTextual() ? JsonMappers.WHOLE.readTree(arguments.asText()) : arguments;
    } catch (JsonProcessingException e) {
      return arguments;
    }
  }

  private static String text(JsonNode content) {
    if (!content.isArray()) {
      return content.isNull() ? "" : content.asText();
    }
    var text = new StringBuilder();
    content.forEach(part -> text.append(part.path("text").asText()));
    return text.toString();
  }
}
