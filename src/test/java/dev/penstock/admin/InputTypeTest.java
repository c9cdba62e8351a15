package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.admin.InputType.Field;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.TaskHandler;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.TaskType;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class InputTypeTest {
  @Test
  void theHintNamesWhatTheSchemaAsksFor() {
    var type =
        of(
            "word-count",
            """
            {"type": "object", "required": ["text"], "properties": {
              "text": {"type": "string"}, "top": {"type": ["integer", "null"]}, "any": true}}
            """);
    assertThat(type.fields())
        .containsExactly(
            new Field("text", "string, required"),
            new Field("top", "integer or null"),
            new Field("any", ""));
    assertThat(type.example()).isEqualTo("{}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"true", "{}", "no JSON", "[]", "", "{\"properties\": 3, \"required\": \"x\"}"})
  void aSchemaThatSaysNothingGivesNoHint(String schema) {
    assertThat(of("any", schema).fields()).isEmpty();
  }

  @Test
  void aLongSchemaIsCut() {
    String properties =
        IntStream.range(0, 50)
            .mapToObj(i -> "\"p%d%s\": {}".formatted(i, "x".repeat(500)))
            .collect(Collectors.joining(","));
    var type = of("many", "{\"properties\": {" + properties + "}}");
    assertThat(type.fields()).hasSize(12).allMatch(field -> field.name().length() <= 61);
    assertThat(type.more()).isEqualTo(38);
  }

  private static InputType of(String name, String schema) {
    return InputType.of(new Unchecked(name, schema), null);
  }

  /** A type whose schema is anything. */
  private record Unchecked(String name, String inputSchema) implements TaskType {
    @Override
    public String outputSchema() {
      return "{}";
    }

    @Override
    public Form accept(JsonNode input, String param, @Nullable ModelSpec model) {
      return Form.JSON;
    }

    @Override
    public TaskHandler handler(HandlerParts parts) {
      throw new IllegalStateException("runs nothing");
    }
  }
}
