package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.GenerationRequest.Tools.Choice;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads the tools that a model may call, and which of them it is to call. */
final class ToolsReader {
  private static final String TOOLS = "tools";
  private static final String CHOICE = "tool_choice";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
  private static final int MOST = 128;
  private static final int MAX_WORD = 256;

  private ToolsReader() {}

  static Tools read(Fields body) {
    ArrayNode tools = StrictJson.nodes().arrayNode();
    Set<String> names = new HashSet<>();
    JsonNode given = body.value(TOOLS);
    if (given != null) {
      if (!given.isArray() || given.size() > MOST) {
        throw body.bad(TOOLS, "must be a list of at most " + MOST + " tools");
      }
      for (int i = 0; i < given.size(); i++) {
        String place = body.param(TOOLS) + "[" + i + "]";
        names.add(check(given.get(i), place));
        tools.add(given.get(i));
      }
    }
    Boolean parallel = body.flag("parallel_tool_calls");
    return choice(body, tools, names, parallel == null || parallel);
  }

  private static String check(JsonNode tool, String place) {
    if (!tool.isObject()) {
      throw Fields.problem(place, "must be an object");
    }
    var fields = new Fields(tool, place + ".");
    if (!fields.required("type", MAX_WORD).equals("function")) {
      throw fields.bad("type", "must be 'function'");
    }
    Fields function = MessagesReader.function(fields);
    String name = function.required("name", MAX_WORD);
    if (!NAME.matcher(name).matches()) {
      throw function.bad("name", "must be 1 to 64 letters, digits, '_', '-' or '.'");
    }
    JsonNode description = function.value("description");
    if (description != null && !description.isTextual()) {
      throw function.bad("description", "must be a string");
    }
    JsonNode parameters = function.value("parameters");
    if (parameters != null && !parameters.isObject()) {
      throw function.bad("parameters", "must be a JSON Schema, an object");
    }
    function.flag("strict");
    return name;
  }

  private static Tools choice(Fields body, ArrayNode tools, Set<String> names, boolean parallel) {
    JsonNode given = body.value(CHOICE);
    if (given == null) {
      return new Tools(tools, tools.isEmpty() ? Choice.NONE : Choice.AUTO, null, parallel);
    }
    if (given.isObject()) {
      var fields = new Fields(given, body.param(CHOICE) + ".");
      if (!"function".equals(fields.text("type", MAX_WORD))) {
        throw fields.bad("type", "must be 'function'");
      }
      Fields function = MessagesReader.function(fields);
      String name = function.required("name", MAX_WORD);
      if (!names.contains(name)) {
        throw function.bad("name", "is none of the tools");
      }
      return new Tools(tools, Choice.NAMED, name, parallel);
    }
    Choice choice =
        switch (String.valueOf(given.textValue())) {
          case "none" -> Choice.NONE;
          case "auto" -> tools.isEmpty() ? Choice.NONE : Choice.AUTO;
          case "required" -> Choice.REQUIRED;
          default ->
              throw body.bad(CHOICE, "must be 'none', 'auto', 'required', or name a function");
        };
    if (choice == Choice.REQUIRED && tools.isEmpty()) {
      throw body.bad(CHOICE, "needs 'tools'");
    }
    return new Tools(tools, choice, null, parallel);
  }
}
