package dev.penstock.types;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.penstock.types.embedding.EmbeddingType;
import dev.penstock.types.ping.PingType;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchemasTest {
  private static final TaskType EMBEDDING = new EmbeddingType();
  private static final TaskType PING = new PingType();

  @Test
  void theEmbeddingSchemaTakesWhatTheHandlerTakes() {
    JsonSchema schema = schema(EMBEDDING.inputSchema());
    for (String good :
        List.of(
            "\"a\"",
            "[\"a\",\"b\"]",
            "{\"input\":\"a\"}",
            "{\"input\":[1,2]}",
            "{\"input\":[[1],[2]],\"dimensions\":8,\"truncate\":\"end\",\"input_type\":\"query\"}")) {
      assertThat(schema.validate(good, InputFormat.JSON)).as(good).isEmpty();
    }
    for (String bad :
        List.of(
            "\"\"",
            "[]",
            "[\"\"]",
            "7",
            "{}",
            "{\"input\":[]}",
            "{\"input\":[\"a\",1]}",
            "{\"input\":[-1]}",
            "{\"input\":\"a\",\"truncate\":\"no\"}",
            "{\"input\":\"a\",\"input_type\":\"no\"}",
            "{\"input\":\"a\",\"unknown\":1}")) {
      assertThat(schema.validate(bad, InputFormat.JSON)).as(bad).isNotEmpty();
    }
  }

  @Test
  void thePingSchemaTakesWhatTheHandlerTakes() {
    JsonSchema schema = schema(PING.inputSchema());
    assertThat(schema.validate("{\"n\":1,\"else\":[]}", InputFormat.JSON)).isEmpty();
    assertThat(schema.validate("{\"sleep_ms\":600001}", InputFormat.JSON)).isNotEmpty();
    assertThat(schema.validate("[]", InputFormat.JSON)).isNotEmpty();
    assertThat(
            schema(PING.outputSchema())
                .validate("{\"echo\":{},\"worker\":\"w\"}", InputFormat.JSON))
        .isEmpty();
    assertThat(schema(EMBEDDING.outputSchema()).validate("{}", InputFormat.JSON)).isNotEmpty();
  }

  private static JsonSchema schema(String text) {
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(text);
  }
}
