package dev.penstock.engine.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A call that is written with a mark for each of its arguments, as Qwen Coder and GLM do it. */
record TaggedCall(String name, ObjectNode arguments) {
  private static final Pattern FUNCTION = Pattern.compile("\\s*<function=([^>\\s]{1,128})>\\s*");
  private static final Pattern PARAMETER = Pattern.compile("<parameter=([^>]{1,128})>");
  private static final Pattern KEY = Pattern.compile("<arg_key>([^<]{1,128})</arg_key>\\s*");

  /**
   * Reads one.
   *
   * @param tools as OpenAI's, which say what type an argument has
   * @return null: it is none
   */
  static @Nullable TaggedCall of(String text, JsonNode tools) {
    Matcher function = FUNCTION.matcher(text);
    if (function.lookingAt()) {
      int end = text.lastIndexOf("</function>");
      return end < function.end()
          ? null
          : read(
              function.group(1),
              text.substring(function.end(), end),
              PARAMETER,
              "",
              "</parameter>",
              tools);
    }
    int first = text.indexOf("<arg_key>");
    return read(
        (first < 0 ? text : text.substring(0, first)).strip(),
        first < 0 ? "" : text.substring(first),
        KEY,
        "<arg_value>",
        "</arg_value>",
        tools);
  }

  private static @Nullable TaggedCall read(
      String name, String text, Pattern key, String open, String close, JsonNode tools) {
    JsonNode properties = null;
    for (JsonNode tool : tools) {
      if (tool.at("/function/name").asText().equals(name)) {
        properties = tool.at("/function/parameters/properties");
      }
    }
    if (properties == null) {
      return null;
    }
    ObjectNode arguments = StrictJson.nodes().objectNode();
    Matcher keys = key.matcher(text);
    int at = 0;
    while (!text.substring(at).isBlank()) {
      if (!keys.find(at)
          || !text.substring(at, keys.start()).isBlank()
          || !text.startsWith(open, keys.end())) {
        return null;
      }
      int from = keys.end() + open.length();
      int to = text.indexOf(close, from);
      if (to < 0) {
        return null;
      }
      String argument = keys.group(1).strip();
      arguments.set(argument, value(text.substring(from, to), properties.path(argument)));
      at = to + close.length();
    }
    return new TaggedCall(name, arguments);
  }

  /** A string where the schema wants one, else the JSON that it is. */
  private static JsonNode value(String text, JsonNode schema) {
    // The marks stand on lines of their own.
    String value = text.startsWith("\n") ? text.substring(1) : text;
    value = value.endsWith("\n") ? value.substring(0, value.length() - 1) : value;
    if (!schema.path("type").asText().equals("string")) {
      try {
        JsonNode json = JsonMappers.WHOLE.readTree(value);
        if (!json.isMissingNode()) {
          return json;
        }
      } catch (JsonProcessingException e) {
        // It is a text, then.
      }
    }
    return StrictJson.nodes().textNode(value);
  }
}
