package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.engine.chat.AnswerSyntax.Form;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an answer may be, for what a request asks of it.
 *
 * @param gbnf a grammar, for {@link Grammar#parse}; null: whatever the model likes
 * @param loosened the keywords of schemas, with their places, that it does not hold
 */
public record AnswerGrammar(@Nullable String gbnf, List<String> loosened) {
  private static final Tools NO_TOOLS =
      new Tools(new ArrayNode(JsonNodeFactory.instance), Tools.Choice.NONE, null, false);
  private static final String FORMAT = "response_format";
  private static final AnswerSyntax.CallMarks JSON_IN_TAGS =
      AnswerSyntax.CallMarks.json("<tool_call>", "</tool_call>");

  public AnswerGrammar {
    loosened = List.copyOf(loosened);
  }

  /**
   * Makes it.
   *
   * @param thinking whether the answer begins within a thought
   * @throws InvalidInput what a schema says cannot be held and has to be, or is met by no value, or
   *     is too much
   */
  public static AnswerGrammar of(AnswerSyntax syntax, GenerationRequest request, boolean thinking) {
    Tools tools = request.prompt() instanceof Prompt.Chat chat ? chat.tools() : NO_TOOLS;
    boolean calls = !tools.functions().isEmpty() && tools.choice() != Tools.Choice.NONE;
    boolean free = request.format() instanceof Format.Text;
    boolean auto = tools.choice() == Tools.Choice.AUTO;
    boolean tagged = !syntax.told() && syntax.calls().getFirst().form() == Form.TAGGED;
    if (free && (!calls || (auto && tagged))) {
      return new AnswerGrammar(null, List.of());
    }
    AnswerSyntax written = tagged ? inJson(syntax) : syntax;
    var rules = new Rules(calls ? "tools" : FORMAT);
    var json = new JsonRules(rules);
    List<String> loosened = new ArrayList<>();
    String answer;
    if (calls) {
      var made = new CallRules(written, tools, json);
      loosened.addAll(made.loosened());
      answer = !auto ? made.rule() : free ? textOrCalls(made, rules) : made.rule();
      if (auto && !free) {
        answer += " | " + format(request.format(), json, loosened);
      }
    } else {
      answer = format(request.format(), json, loosened);
    }
    String whole = thought(written, rules.add("answer", answer), rules, thinking);
    String gbnf = rules.grammar(whole);
    check(gbnf, calls ? "tools" : FORMAT);
    return new AnswerGrammar(gbnf, loosened);
  }

  private static AnswerSyntax inJson(AnswerSyntax syntax) {
    return new AnswerSyntax(
        syntax.thinks(), syntax.thoughts(), List.of(JSON_IN_TAGS), List.of(), false, true);
  }

  private static String format(Format format, JsonRules json, List<String> loosened) {
    return switch (format) {
      case Format.Text _ -> throw new IllegalArgumentException("any text is one");
      case Format.JsonObject _ -> json.object();
      case Format.JsonSchema schema -> {
        var unheld = new Unheld(FORMAT + ".json_schema.schema", schema.strict());
        String rule = new SchemaRules(schema.schema(), json, unheld).rule();
        loosened.addAll(unheld.loosened());
        yield rule;
      }
    };
  }

  /** Whatever the model likes, but what begins as a call has to be one. */
  private static String textOrCalls(CallRules calls, Rules rules) {
    var marker = new Marker(rules);
    return calls.start().isEmpty()
        ? "[ \\n]* " + calls.rule() + " | " + marker.notBegun(calls.beginning())
        : marker.until(calls.start(), true, calls.afterStart());
  }

  /** With what the model thinks before it, if it does. */
  private static String thought(AnswerSyntax syntax, String answer, Rules rules, boolean thinking) {
    AnswerSyntax.Marks marks = syntax.thoughts();
    if (!thinking && !syntax.thinks()) {
      return answer;
    }
    String after = rules.add("thought", "[ \\n]{0,4} " + answer);
    String rest = new Marker(rules).until(marks.close(), false, after);
    return thinking
        ? rest
        : "%s | [ \\n]{0,4} %s %s".formatted(answer, Rules.literal(marks.open()), rest);
  }

  private static void check(String gbnf, String param) {
    try {
      if (!Grammar.parse(gbnf).start().possible()) {
        throw new InvalidInput(param, "The schema is met by no value.");
      }
    } catch (IllegalStateException e) {
      throw new InvalidInput(param, "The schema leaves too much open.");
    }
  }
}
