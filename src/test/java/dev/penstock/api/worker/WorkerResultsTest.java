package dev.penstock.api.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.Backends;
import dev.penstock.engine.TestModels;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelTraits;
import dev.penstock.start.SettingGroups;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.embedding.TestEmbeddings;
import dev.penstock.worker.TestTasks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkerResultsTest {
  private static final int DIMENSIONS = 384;
  private final WorkerResults results =
      new WorkerResults(
          ModelCatalogue.load(Backends.BUILT_IN.forms(), null),
          new TaskTypes(
              TaskTypes.BUILT_IN, List.of(), SettingGroups.load(Map.of(), Map.of(), null)));

  private static Task task(String lane, String input) {
    return TestTasks.task(Lane.of(lane), input, 0);
  }

  private TaskOutput read(Task task, String result) {
    byte[] body = ("{\"id\":\"x\",\"result\": " + result + " ,\"more\":1}").getBytes(UTF_8);
    var apart = StrictJson.apart(body, "result");
    return results.of(Fields.of(StrictJson.parse(apart.rest())), apart.member(), task);
  }

  private static Task texts(String input) {
    return task(
        "embedding.all-minilm-l6-v2", "{\"encoding_format\":\"float\",\"input\":" + input + "}");
  }

  private static String base64(int floats, float value) {
    ByteBuffer bytes = ByteBuffer.allocate(floats * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < floats; i++) {
      bytes.putFloat(value);
    }
    return "\"" + Base64.getEncoder().encodeToString(bytes.array()) + "\"";
  }

  @Test
  void theResultForAModelThatIsOfAnotherKindNowIsRefused() {
    var pond = new ModelSpec("pond", List.of(), new OtherTraits(), TestModels.MINILM.sources());
    var turned =
        new WorkerResults(
            ModelCatalogue.of(List.of(pond)),
            new TaskTypes(
                TaskTypes.BUILT_IN, List.of(), SettingGroups.load(Map.of(), Map.of(), null)));
    Task task = task("embedding.pond", "\"a\"");
    Fields fields = Fields.of(StrictJson.parse("{}".getBytes(UTF_8)));

    assertThatThrownBy(() -> turned.of(fields, "{\"vectors\":[]}".getBytes(UTF_8), task))
        .isInstanceOf(InvalidInput.class)
        .hasMessageContaining("the model is not known here");
  }

  private record OtherTraits() implements ModelTraits {
    @Override
    public String kind() {
      return "other";
    }

    @Override
    public String summary() {
      return "";
    }

    @Override
    public void write(JsonGenerator json) {}
  }

  @Test
  void otherResultsAreKeptByteForByte() {
    for (String result :
        new String[] {
          "1.10",
          "\"a\\u00e9 \\n\"",
          "null",
          "true",
          "{\"a\": [1.0E5, \"ü\"]}",
          "[ ]",
          // As a plugin on a node may return it.
          "[".repeat(500) + "]".repeat(500),
          "{\"a\":1,\"a\":2}",
          "\"\\ud800\""
        }) {
      assertThat(read(task("ping", "{}"), result).bytes()).asString(UTF_8).isEqualTo(result);
    }
  }

  @Test
  void vectorsComeAsNumbersOrAsFloats() {
    String row = Collections.nCopies(DIMENSIONS, "0.5").toString();
    var lists =
        TestEmbeddings.read(
            read(texts("[\"a\",\"b\"]"), "{\"vectors\":[" + row + "," + row + "]}"));
    var floats =
        TestEmbeddings.read(
            read(
                texts("[[1,2],[3]]"),
                "{\"prompt_tokens\":7,\"vectors\":" + base64(2 * DIMENSIONS, 0.5f) + "}"));
    assertThat(lists.vectors().get(1))
        .isEqualTo(floats.vectors().get(1))
        .hasSize(DIMENSIONS)
        .containsOnly(0.5f);
    assertThat(floats.promptTokens()).isEqualTo(7);
  }

  @Test
  void oneTextMayBeAStringOrAListOfTokens() {
    for (String input : new String[] {"\"a\"", "[\"a\"]", "[1,2,3]", "[[1,2,3]]"}) {
      var output = read(texts(input), "{\"vectors\":" + base64(DIMENSIONS, 1) + "}");
      assertThat(TestEmbeddings.read(output).vectors()).as(input).hasSize(1);
    }
  }

  @Test
  void vectorsThatAreTooFewTooShortNotFiniteOrZeroAreRefused() {
    for (String result :
        new String[] {
          "1",
          "{}",
          "{\"vectors\":[]}",
          "{\"vectors\":[[1,2]]}",
          "{\"vectors\":\"!\"}",
          "{\"vectors\":" + base64(DIMENSIONS - 1, 1) + "}",
          "{\"vectors\":" + base64(2 * DIMENSIONS, 1) + "}",
          "{\"vectors\":" + base64(DIMENSIONS, 0) + "}",
          "{\"vectors\":" + base64(DIMENSIONS, -0.0f) + "}",
          "{\"vectors\":[" + Collections.nCopies(DIMENSIONS, "0") + "]}",
          "{\"vectors\":" + base64(DIMENSIONS, Float.NaN) + "}",
          "{\"vectors\":" + base64(DIMENSIONS, Float.POSITIVE_INFINITY) + "}",
          "{\"vectors\":[" + Collections.nCopies(DIMENSIONS, "1e300") + "]}",
          "{\"vectors\":[" + Collections.nCopies(DIMENSIONS, "\"1\"") + "]}",
          "{\"dimensions\":2,\"vectors\":" + base64(DIMENSIONS, 1) + "}",
        }) {
      assertThatThrownBy(() -> read(texts("\"a\""), result))
          .as(result)
          .isInstanceOf(InvalidInput.class);
    }
  }
}
