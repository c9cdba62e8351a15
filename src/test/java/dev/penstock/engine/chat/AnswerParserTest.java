package dev.penstock.engine.chat;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.json.JsonMappers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AnswerParserTest {
  private static final AnswerSyntax HERMES = AnswerSyntax.of("<think></think><tool_call>", true);
  private static final AnswerSyntax LLAMA =
      AnswerSyntax.of("ipython {\"name\": f, \"parameters\": p}", true);
  private static final AnswerSyntax MISTRAL_OLD = AnswerSyntax.of("[TOOL_CALLS]", true);
  private static final AnswerSyntax MISTRAL = AnswerSyntax.of("[TOOL_CALLS][ARGS]", true);
  private static final AnswerSyntax KIMI = AnswerSyntax.of("<|tool_call_begin|>", true);
  private static final AnswerSyntax CODER = AnswerSyntax.of("<tool_call><parameter=", true);
  private static final AnswerSyntax FUNCTION = AnswerSyntax.of("<function=a></function>", true);

  /**
   * An answer and what it comes to.
   *
   * @param calls each as its name and its arguments
   */
  record Case(
      String what,
      AnswerSyntax syntax,
      String text,
      String content,
      String reasoning,
      String calls) {
    @Override
    public String toString() {
      return what;
    }
  }

  static List<Case> cases() {
    String call = "{\"name\": \"weather\", \"arguments\": {\"city\": \"Os}\\\"lo\"}}";
    String oslo = "weather{\"city\": \"Os}\\\"lo\"}";
    return List.of(
        new Case("plain", HERMES, "Hello <b> {x}\n", "Hello <b> {x}\n", "", ""),
        new Case("thought", HERMES, "<think>\nI <am>.\n</think>\n\nHi", "Hi", "I <am>.", ""),
        new Case("thought cut", HERMES, "<think>I am </thi", "", "I am </thi", ""),
        new Case("no thought", HERMES, "\n<thin", "\n<thin", "", ""),
        new Case("call", HERMES, "<tool_call>\n" + call + "\n</tool_call>", "", "", oslo),
        new Case(
            "words and two calls",
            HERMES,
            "I see.\n<tool_call>%s</tool_call>\n<tool_call>%s</tool_call>\n".formatted(call, call),
            "I see.",
            "",
            oslo + oslo),
        new Case(
            "thought, call",
            HERMES,
            "<think>Use <tool_call>?</think>\n<tool_call>" + call + "</tool_call>",
            "",
            "Use <tool_call>?",
            oslo),
        new Case("call, words", HERMES, "<tool_call>" + call + "</tool_call> Ok", " Ok", "", oslo),
        new Case(
            "arguments first",
            HERMES,
            "<tool_call>{\"arguments\": {\"a\": [1]}, \"name\": \"weather\"}</tool_call>",
            "",
            "",
            "weather{\"a\": [1]}"),
        new Case(
            "no arguments", HERMES, "<tool_call>{\"name\":\"time\"}</tool_call>", "", "", "time{}"),
        new Case(
            "a brace forgotten",
            HERMES,
            "<tool_call>{\"name\":\"time\",\"arguments\":{}</tool_call>",
            "",
            "",
            "time{}"),
        new Case(
            "an unknown function",
            HERMES,
            "a <tool_call>{\"name\": \"other\"}</tool_call> b",
            "a <tool_call>{\"name\": \"other\"}</tool_call> b",
            "",
            ""),
        new Case(
            "no JSON, then a call",
            HERMES,
            "<tool_call>no <tool_call>" + call + "</tool_call>",
            "<tool_call>no",
            "",
            oslo),
        new Case("cut in the head", HERMES, "x <tool_call>{\"nam", "x <tool_call>{\"nam", "", ""),
        new Case(
            "cut in the arguments",
            HERMES,
            "<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Os",
            "",
            "",
            "weather{\"city\":\"Os"),
        new Case(
            "broken in the arguments",
            HERMES,
            "<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\" Oslo}}</tool_call>",
            "Oslo}}</tool_call>",
            "",
            "weather{\"city\" "),
        new Case(
            "bare",
            LLAMA,
            "{\"name\": \"weather\", \"parameters\": {\"city\": \"Oslo\"}}",
            "",
            "",
            "weather{\"city\": \"Oslo\"}"),
        new Case(
            "python",
            LLAMA,
            "<|python_tag|>{\"type\": \"function\", \"name\": \"time\", \"parameters\": {}}",
            "",
            "",
            "time{}"),
        new Case("python's own", LLAMA, "<|python_tag|>print(1)", "<|python_tag|>print(1)", "", ""),
        new Case("JSON", LLAMA, " {\"city\": \"Oslo\"}", " {\"city\": \"Oslo\"}", "", ""),
        new Case("a list", LLAMA, "[1, 2]", "[1, 2]", "", ""),
        new Case("a name", LLAMA, "{\"name\": \"Ann\"}", "{\"name\": \"Ann\"}", "", ""),
        new Case("JSON later", LLAMA, "So: " + call, "So: " + call, "", ""),
        new Case(
            "list",
            MISTRAL_OLD,
            "[TOOL_CALLS] [%s, %s]".formatted(call, call),
            "",
            "",
            oslo + oslo),
        new Case(
            "named",
            MISTRAL,
            "Well.[TOOL_CALLS]weather[ARGS]{\"city\": 1}[TOOL_CALLS]time[CALL_ID]x12[ARGS]{}",
            "Well.",
            "",
            "weather{\"city\": 1}time{}"),
        new Case(
            "named, unknown",
            MISTRAL,
            "[TOOL_CALLS]nope[ARGS]{}",
            "[TOOL_CALLS]nope[ARGS]{}",
            "",
            ""),
        new Case(
            "sections",
            KIMI,
            "Ok<|tool_calls_section_begin|><|tool_call_begin|>functions.time:0"
                + "<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>",
            "Ok",
            "",
            "time{}"),
        new Case(
            "tags",
            CODER,
            "<tool_call>\n<function=weather>\n<parameter=city>\nOs\nlo\n</parameter>\n"
                + "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
            "",
            "",
            "weather{\"city\":\"Os\\nlo\",\"days\":2}"),
        new Case(
            "keys",
            CODER,
            "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>3</arg_value>\n</tool_call>",
            "",
            "",
            "weather{\"city\":\"3\"}"),
        new Case(
            "tags, broken",
            CODER,
            "<tool_call>\n<function=weather><parameter=city></function></tool_call>",
            "<tool_call>\n<function=weather><parameter=city></function></tool_call>",
            "",
            ""),
        new Case(
            "function", FUNCTION, "<function=time>{\"a\": 1}</function>", "", "", "time{\"a\": 1}"),
        new Case("told", AnswerSyntax.TOLD, "{\"tool_calls\": [%s]}".formatted(call), "", "", oslo),
        new Case(
            "told, as OpenAI has it",
            AnswerSyntax.TOLD,
            "{\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":"
                + "{\"name\":\"time\",\"arguments\":\"{\\\"a\\\":1}\"}}]}",
            "",
            "",
            "time{\"a\":1}"),
        new Case(
            "told, a list",
            AnswerSyntax.TOLD,
            "[%s,%s]".formatted(call, call),
            "",
            "",
            oslo + oslo),
        new Case("told, fenced", AnswerSyntax.TOLD, "```json\n" + call + "\n```", "", "", oslo),
        new Case(
            "told, fenced JSON",
            AnswerSyntax.TOLD,
            "```json\n{\"a\": 1}\n```",
            "```json\n{\"a\": 1}\n```",
            "",
            ""),
        new Case(
            "told, none",
            AnswerSyntax.TOLD,
            "{\"tool_calls\": []}",
            "{\"tool_calls\": []}",
            "",
            ""));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void anAnswerIsPartedHoweverItIsCut(Case each) {
    String expected = each.content() + "|" + each.reasoning() + "|" + each.calls();
    assertThat(parted(each, List.of(each.text()))).isEqualTo(expected);
    assertThat(parted(each, List.of(each.text().split("")))).isEqualTo(expected);
    for (int i = 1; i < each.text().length(); i++) {
      List<String> two = List.of(each.text().substring(0, i), each.text().substring(i));
      assertThat(parted(each, two)).as("cut at %d", i).isEqualTo(expected);
    }
  }

  @Test
  void anAnswerMayBeginWithinAThought() {
    var parser = new AnswerParser(HERMES, tools(), HERMES.thinksAfter("a\n<think>\n"), 1);
    List<AnswerPart> parts =
        List.of(parser.add("So.\n"), parser.add("</think>\n"), parser.add("Hi"), parser.end());
    assertThat(parts).extracting(AnswerPart::reasoning).containsExactly("So.", "", "", "");
    assertThat(parts).extracting(AnswerPart::content).containsExactly("", "", "Hi", "");
    assertThat(HERMES.thinksAfter("<think>\n\n</think>\n\n")).isFalse();
  }

  @Test
  void onlyWhatMayBeTheBeginningOfAMarkIsHeldBack() {
    var parser = new AnswerParser(HERMES, tools(), false, 1);
    assertThat(parser.add("Hello, <b>").content()).isEqualTo("Hello, <b>");
    assertThat(parser.add(" <tool").content()).isEmpty();
    assertThat(parser.add("box").content()).isEqualTo(" <toolbox");
  }

  @Test
  void argumentsComeAsTheyAreWritten() {
    var parser = new AnswerParser(HERMES, tools(), false, 1);
    AnswerPart head = parser.add("<tool_call>{\"name\": \"weather\", \"arguments\": {\"ci");
    ArrayNode calls = requireNonNull(head.toolCalls());
    assertThat(calls)
        .hasToString(
            "[{\"index\":0,\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":\"weather\","
                    .formatted(calls.at("/0/id").asText())
                + "\"arguments\":\"{\\\"ci\"}}]");
    assertThat(calls.at("/0/id").asText()).matches("call_[A-Za-z0-9]{24}");
    assertThat(parser.add("ty\": 1}").toolCalls())
        .hasToString("[{\"index\":0,\"function\":{\"arguments\":\"ty\\\": 1}\"}}]");
    assertThat(parser.add("}</tool_call>").toolCalls()).isNull();
    assertThat(parser.called()).isTrue();
  }

  @Test
  void idsAreTheSameForTheSameSeedAndAsLongAsMistralsTemplatesWantThem() {
    String text = "[TOOL_CALLS]time[ARGS]{}[TOOL_CALLS]time[ARGS]{}";
    var ids = new ArrayList<String>();
    for (long seed : new long[] {5, 5, 6}) {
      var parser = new AnswerParser(MISTRAL, tools(), false, seed);
      ArrayNode calls = requireNonNull(parser.add(text).toolCalls());
      calls.forEach(call -> ids.add(call.path("id").asText()));
    }
    assertThat(ids).allMatch(id -> id.matches("[A-Za-z0-9]{9}"));
    assertThat(ids.subList(0, 2)).isEqualTo(ids.subList(2, 4)).doesNotHaveDuplicates();
    assertThat(ids.subList(4, 6)).doesNotContainAnyElementsOf(ids.subList(0, 2));
  }

  @Test
  void withoutToolsACallIsText() {
    var parser = new AnswerParser(HERMES, tools().removeAll(), false, 1);
    assertThat(parser.add("<tool_call>{}").content()).isEqualTo("<tool_call>{}");
  }

  private static String parted(Case each, List<String> pieces) {
    var parser = new AnswerParser(each.syntax(), tools(), false, 1);
    var content = new StringBuilder();
    var reasoning = new StringBuilder();
    var calls = new StringBuilder();
    List<AnswerPart> parts = new ArrayList<>(pieces.stream().map(parser::add).toList());
    parts.add(parser.end());
    int count = 0;
    for (AnswerPart part : parts) {
      content.append(part.content());
      reasoning.append(part.reasoning());
      for (JsonNode call : part.toolCalls() == null ? tools().removeAll() : part.toolCalls()) {
        JsonNode function = call.path("function");
        count += call.has("id") ? 1 : 0;
        assertThat(call.path("index").asInt()).isEqualTo(count - 1);
        calls.append(function.path("name").asText()).append(function.path("arguments").asText());
      }
    }
    return content + "|" + reasoning + "|" + calls;
  }

  static ArrayNode tools() {
    return (ArrayNode)
        read(
            """
            [{"type":"function","function":{"name":"weather","parameters":{"type":"object",
              "properties":{"city":{"type":"string"},"days":{"type":"integer","maximum":9}},
              "required":["city"]}}},
             {"type":"function","function":{"name":"time"}}]
            """);
  }

  private static JsonNode read(String json) {
    try {
      return JsonMappers.PLAIN.readTree(json);
    } catch (java.io.IOException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
