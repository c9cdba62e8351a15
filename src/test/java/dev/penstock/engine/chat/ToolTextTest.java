package dev.penstock.engine.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.json.JsonMappers;
import org.junit.jupiter.api.Test;

final class ToolTextTest {
  @Test
  void toolsStandInTheSystemsMessage() throws Exception {
    JsonNode first = told("[{\"role\":\"user\",\"content\":\"Hi\"}]", Tools.Choice.AUTO);
    assertThat(first).hasSize(2);
    assertThat(first.at("/0/role").asText()).isEqualTo("system");
    assertThat(first.at("/0/content").asText()).contains("weather", "tool_calls", "plain words");
    JsonNode added =
        told(
            "[{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"Be kind.\"}]},"
                + "{\"role\":\"user\",\"content\":\"Hi\"}]",
            Tools.Choice.REQUIRED);
    assertThat(added.at("/0/content/0/text").asText()).isEqualTo("Be kind.");
    assertThat(added.at("/0/content/1/text").asText()).contains("weather", "You have to call");
  }

  @Test
  void callsAndWhatCameOfThemAreSaidInWords() throws Exception {
    JsonNode told =
        told(
            """
            [{"role":"user","content":"Hi"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",
              "function":{"name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]},
             {"role":"tool","tool_call_id":"1","content":"-3"},
             {"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"windy"}]}]
            """,
            Tools.Choice.NONE);
    assertThat(told).hasSize(3);
    assertThat(told.at("/1/content").asText())
        .isEqualTo("{\"tool_calls\":[{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}]}");
    assertThat(told.at("/2/role").asText()).isEqualTo("user");
    assertThat(told.at("/2/content").asText())
        .isEqualTo("Result of weather: -3\nResult of weather: windy");
  }

  private static JsonNode told(String messages, Tools.Choice choice) throws Exception {
    return ToolText.in(
        (ArrayNode) JsonMappers.PLAIN.readTree(messages),
        new Tools(AnswerParserTest.tools(), choice, null, true));
  }
}
