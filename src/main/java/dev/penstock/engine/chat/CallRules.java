package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.chat.AnswerSyntax.CallMarks;
import dev.penstock.engine.chat.AnswerSyntax.Form;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls of tools as rules of a grammar, in the form that the model knows. */
final class CallRules {
  private static final String KIMI = "<|tool_call_begin|>";

  private final AnswerSyntax syntax;
  private final JsonRules json;
  private final Rules rules;
  private final boolean several;

  /** The arguments of each function that may be called. */
  private final Map<String, String> arguments = new LinkedHashMap<>();

  private final List<String> loosened = new ArrayList<>();

  CallRules(AnswerSyntax syntax, Tools tools, JsonRules json) {
    this.syntax = syntax;
    this.json = json;
    this.rules = json.rules();
    several = tools.parallel() && syntax.several();
    for (int i = 0; i < tools.functions().size(); i++) {
      JsonNode function = tools.functions().get(i).path("function");
      String name = function.path("name").asText();
      if (tools.choice() != Tools.Choice.NAMED || name.equals(tools.name())) {
        arguments.put(name, arguments(function, "tools[%d].function.parameters".formatted(i)));
      }
    }
  }

  /** What of the functions' schemas is not held. */
  List<String> loosened() {
    return loosened;
  }

  private String arguments(JsonNode function, String param) {
    JsonNode given = function.path("parameters");
    if (!given.isObject()) {
      return rules.add("none", json.braces(""));
    }
    ObjectNode schema = JsonNodeFactory.instance.objectNode().setAll((ObjectNode) given);
    if (!schema.has("type") && !schema.has("$ref")) {
      schema.put("type", "object");
    }
    var unheld = new Unheld(param, function.path("strict").asBoolean());
    String rule = new SchemaRules(schema, json, unheld).rule();
    unheld.loosened().forEach(each -> loosened.add(param + each));
    return rule;
  }

  /** The calls, with all of their marks. */
  String rule() {
    CallMarks marks = marks();
    if (marks == null) {
      return bare();
    }
    return Rules.literal(start()) + " " + afterStart(marks);
  }

  /** The mark that begins calls; empty: nothing does. */
  String start() {
    CallMarks marks = marks();
    if (marks == null) {
      return "";
    }
    return (syntax.ignored().isEmpty() ? "" : syntax.ignored().getFirst()) + marks.open();
  }

  /** With what an answer begins that is a call without marks. */
  String beginning() {
    return syntax.told() ? "{\"tool_calls\"" : "{\"name\"";
  }

  /** What follows the mark. */
  String afterStart() {
    CallMarks marks = marks();
    return marks == null ? "" : afterStart(marks);
  }

  private @Nullable CallMarks marks() {
    return syntax.bare() ? null : syntax.calls().getFirst();
  }

  private String afterStart(CallMarks marks) {
    String blanks = json.blanks();
    String close = marks.close().isEmpty() ? "" : Rules.literal(marks.close());
    String call;
    if (marks.form() == Form.NAMED) {
      call = named(marks) + " " + close;
    } else if (marks.list()) {
      String list = json.brackets(json.listed(one(marks.arguments()), 0, several ? 63 : 0));
      return rules.add("calls", "%s %s %s %s %s".formatted(blanks, list, blanks, close, blanks));
    } else {
      call = "%s %s %s %s".formatted(blanks, one(marks.arguments()), blanks, close);
    }
    String more =
        several ? "(%s %s %s){0,63}".formatted(blanks, Rules.literal(marks.open()), call) : "";
    String end = syntax.ignored().size() < 2 ? "" : Rules.literal(syntax.ignored().get(1));
    return rules.add("calls", "%s %s %s %s".formatted(call, more, end, blanks));
  }

  private String named(CallMarks marks) {
    boolean kimi = marks.open().equals(KIMI);
    String between = marks.between() == null ? "" : marks.between();
    List<String> calls = new ArrayList<>();
    arguments.forEach((name, rule) -> {
      String head =
          kimi
              ? Rules.literal("functions." + name + ":") + " [0-9]{1,2} " + Rules.literal(between)
              : Rules.literal(name + between);
      calls.add(head + " " + rule);
    });
    return "(" + String.join(" | ", calls) + ")";
  }

  private String bare() {
    if (!syntax.told()) {
      return one(syntax.calls().getFirst().arguments());
    }
    String list = json.listed(one(AnswerSyntax.ARGUMENTS), 0, several ? 63 : 0);
    String member = json.pair(Rules.literal("\"tool_calls\""), json.brackets(list));
    return rules.add("calls", json.braces(member + " " + json.blanks()));
  }

  /** The JSON of one call. */
  private String one(String argumentsName) {
    List<String> calls = new ArrayList<>();
    arguments.forEach((name, rule) -> {
      String named =
          json.pair(Rules.literal("\"name\""), Rules.literal(TextNode.valueOf(name).toString()));
      String with = json.pair(Rules.literal(TextNode.valueOf(argumentsName).toString()), rule);
      String members =
          "%s %s %s %s %s".formatted(named, json.blanks(), json.comma(), with, json.blanks());
      calls.add(rules.add("call", json.braces(members)));
    });
    return rules.add("call", String.join(" | ", calls));
  }
}
