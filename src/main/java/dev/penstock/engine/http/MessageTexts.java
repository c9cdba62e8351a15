package dev.penstock.engine.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.JsonMappers;
import java.util.ArrayList;
import java.util.List;

/** What messages of OpenAI's chats hold, for protocols that hold it otherwise. */
final class MessageTexts {
  private MessageTexts() {}

  /**
   * A part of a message's content.
   *
   * @param image its address; empty: it is a text
   */
  record Part(String text, String image) {}

  /** Those of a message, in order. */
  static List<Part> parts(JsonNode message) {
    JsonNode content = message.path("content");
    var parts = new ArrayList<Part>();
    if (content.isTextual()) {
      parts.add(new Part(content.textValue(), ""));
    }
    if (content.isArray()) {
      for (JsonNode part : content) {
        String type = part.path("type").asText();
        switch (type) {
          case "text", "refusal" -> parts.add(new Part(part.path(type).asText(), ""));
          case "image_url" -> parts.add(new Part("", part.path(type).path("url").asText()));
          default -> throw new InvalidInput("messages", "parts of type " + type + " are not known");
        }
      }
    }
    return parts;
  }

  /** The texts of a message as one. */
  static String text(JsonNode message) {
    var all = new StringBuilder();
    parts(message).forEach(part -> all.append(part.text()));
    return all.toString();
  }

  /** What a call was given, as an object. */
  static JsonNode arguments(JsonNode call) {
    String given = call.path("function").path("arguments").asText();
    try {
      JsonNode arguments = JsonMappers.FILES.readTree(given.isBlank() ? "{}" : given);
      if (arguments.isObject()) {
        return arguments;
      }
    } catch (JsonProcessingException e) {
      // A model may have written what is none.
    }
    return JsonNodeFactory.instance.objectNode().put("arguments", given);
  }
}
