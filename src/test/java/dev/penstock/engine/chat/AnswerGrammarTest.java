package dev.penstock.engine.chat;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Sampling;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AnswerGrammarTest {
  private static final Format TEXT = new Format.Text();
  private static final AnswerSyntax HERMES = AnswerSyntax.of("<think></think><tool_call>", true);
  private static final String CALL = "{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}";

  static Stream<AnswerSyntax> syntaxes() {
    return Stream.of(
        AnswerSyntax.TOLD,
        HERMES,
        AnswerSyntax.of("ipython {\"name\": f, \"parameters\": p}", true),
        AnswerSyntax.of("[TOOL_CALLS]", true),
        AnswerSyntax.of("[TOOL_CALLS][ARGS]", true),
        AnswerSyntax.of("<|tool_call_begin|>", true),
        AnswerSyntax.of("<tool_call><parameter=", true),
        AnswerSyntax.of("<function=a></function>", true),
        AnswerSyntax.of("<TOOLCALL>", true),
        AnswerSyntax.of("<tool_calls>", true),
        AnswerSyntax.of("<|tool_call|>", true));
  }

  @ParameterizedTest
  @MethodSource("syntaxes")
  void whatIsHeldToACallIsReadAsOne(AnswerSyntax syntax) {
    for (boolean parallel : new boolean[] {true, false}) {
      String gbnf = gbnf(syntax, tools(Tools.Choice.REQUIRED, null, parallel), TEXT);
      var random = new Random(3);
      int made = 0;
      for (int i = 0; i < 40; i++) {
        String text = Matching.madeUp(gbnf, random);
        if (text != null && !text.contains(syntax.thoughts().open())) {
          made++;
          var parser = new AnswerParser(syntax, AnswerParserTest.tools(), false, 1);
          AnswerPart part = parser.add(text);
          AnswerPart end = parser.end();
          assertThat(parser.called()).as(text).isTrue();
          assertThat(part.content() + end.content()).as(text).isBlank();
          assertThat(part.toolCalls())
              .allSatisfy(call ->
                  assertThat(JsonMappers.PLAIN.readTree(call.at("/function/arguments").asText()))
                      .isInstanceOf(ObjectNode.class));
          assertThat(part.toolCalls()).hasSizeLessThanOrEqualTo(parallel ? 64 : 1);
        }
      }
      assertThat(made).isGreaterThan(5);
    }
  }

  @Test
  void aNamedToolIsTheOnlyOne() {
    String gbnf = gbnf(HERMES, tools(Tools.Choice.NAMED, "weather", true), TEXT);
    assertThat(Matching.matches(gbnf, "<tool_call>" + CALL + "</tool_call>")).isTrue();
    assertThat(Matching.matches(gbnf, "<think>Which?</think>\n<tool_call>" + CALL + "</tool_call>"))
        .isTrue();
    assertThat(Matching.begins(gbnf, "<tool_call>{\"name\": \"t")).isFalse();
    assertThat(Matching.begins(gbnf, "Hello")).isFalse();
  }

  @Test
  void anAnswerIsFreeUntilItCalls() {
    String gbnf = gbnf(HERMES, tools(Tools.Choice.AUTO, null, true), TEXT);
    assertThat(Matching.matches(gbnf, "Hello <tool> <<tool_ca {x}")).isTrue();
    assertThat(Matching.matches(gbnf, "Well.\n<tool_call>" + CALL + "</tool_call>\n")).isTrue();
    assertThat(Matching.begins(gbnf, "Well. <<tool_call>nonsense")).isFalse();
    assertThat(Matching.begins(gbnf, "<think>a <tool_call> b</think> c")).isTrue();
    String told = gbnf(AnswerSyntax.TOLD, tools(Tools.Choice.AUTO, null, true), TEXT);
    assertThat(Matching.matches(told, "{\"tool_calls\": [" + CALL + "]}")).isTrue();
    assertThat(Matching.matches(told, "{\"tool\": 1} is JSON")).isTrue();
    assertThat(Matching.begins(told, "\n{\"tool_calls\": [{\"name\": \"x")).isFalse();
  }

  @Test
  void oneCallAloneIsOne() {
    String twice = ("<tool_call>" + CALL + "</tool_call>").repeat(2);
    for (Tools.Choice choice : List.of(Tools.Choice.AUTO, Tools.Choice.REQUIRED)) {
      assertThat(Matching.matches(gbnf(HERMES, tools(choice, null, true), TEXT), twice)).isTrue();
      assertThat(Matching.begins(gbnf(HERMES, tools(choice, null, false), TEXT), twice)).isFalse();
    }
  }

  @Test
  void anAnswerThatBeginsInAThoughtIsHeldAfterIt() {
    GenerationRequest request =
        request(tools(Tools.Choice.NONE, null, true), new Format.JsonObject());
    String gbnf = requireNonNull(AnswerGrammar.of(HERMES, request, true).gbnf());
    assertThat(Matching.matches(gbnf, "{ So </thin </think>\n\n{\"a\": 1}")).isTrue();
    assertThat(Matching.begins(gbnf, "</think>Hello")).isFalse();
  }

  @Test
  void whatIsAskedForInNoFormIsFree() {
    assertThat(
            AnswerGrammar.of(HERMES, request(tools(Tools.Choice.NONE, null, true), TEXT), false)
                .gbnf())
        .isNull();
  }

  @Test
  void anAnswerInJsonMayBeACallInstead() throws Exception {
    ObjectNode schema =
        (ObjectNode) JsonMappers.PLAIN.readTree("{\"type\":\"array\",\"uniqueItems\":true}");
    Tools tools = tools(Tools.Choice.AUTO, null, true);
    var loose = new Format.JsonSchema("a", schema, false);
    AnswerGrammar grammar = AnswerGrammar.of(HERMES, request(tools, loose), false);
    assertThat(grammar.loosened()).containsExactly("#/uniqueItems");
    String gbnf = requireNonNull(grammar.gbnf());
    assertThat(Matching.matches(gbnf, "[1]")).isTrue();
    assertThat(Matching.matches(gbnf, "<tool_call>" + CALL + "</tool_call>")).isTrue();
    assertThat(Matching.begins(gbnf, "Hello")).isFalse();
    assertThatThrownBy(() ->
            AnswerGrammar.of(
                HERMES, request(tools, new Format.JsonSchema("a", schema, true)), false))
        .isInstanceOf(InvalidInput.class)
        .hasMessageContaining("'uniqueItems'");
  }

  @Test
  void argumentsKeepToTheirSchema() {
    String gbnf = gbnf(HERMES, tools(Tools.Choice.REQUIRED, null, true), TEXT);
    String call = "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"a\", \"days\": ";
    assertThat(Matching.begins(gbnf, call + "9")).isTrue();
    assertThat(Matching.begins(gbnf, call + "10")).isFalse();
    assertThat(Matching.begins(gbnf, call + "\"")).isFalse();
  }

  private static String gbnf(AnswerSyntax syntax, Tools tools, Format format) {
    return requireNonNull(AnswerGrammar.of(syntax, request(tools, format), false).gbnf());
  }

  private static Tools tools(Tools.Choice choice, @Nullable String name, boolean parallel) {
    return new Tools(AnswerParserTest.tools(), choice, name, parallel);
  }

  private static GenerationRequest request(Tools tools, Format format) {
    ArrayNode messages = StrictJson.nodes().arrayNode();
    return new GenerationRequest(
        new Prompt.Chat(messages, tools),
        1,
        null,
        new Sampling(null, null, null, null, null, null, Map.of(), 0),
        List.of(),
        format,
        null,
        StrictJson.nodes().objectNode());
  }
}
