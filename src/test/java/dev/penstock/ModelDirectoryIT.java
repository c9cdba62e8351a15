package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TinyModel;
import dev.penstock.testing.TinyOnnx;
import dev.penstock.testing.Vectors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models from directories, and the choice of lanes, in the packaged program. */
final class ModelDirectoryIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int WRONG_SETTINGS = 2;

  @TempDir Path folder;

  @Test
  void aModelDroppedInWhileRunningIsServedAndABrokenOneHarmsNothing() throws Exception {
    Path models = Files.createDirectory(folder.resolve("models"));
    try (var penstock = PenstockProcess.startShipped(folder, Map.of());
        var api = penstock.api()) {
      assertThat(embed(api, "mine").status()).isEqualTo(404);

      ModelFolders.miniLm(models, "mine");
      Await.until("it is listed", LIMIT, () -> names(api).contains("mine"));
      assertThat(vector(embed(api, "mine"))).isEqualTo(vector(embed(api, "all-minilm-l6-v2-q")));
      assertThat(api.get("/v1/models/mine").json().path("max_tokens").intValue()).isEqualTo(256);

      Files.delete(ModelFolders.miniLm(models, "incomplete").resolve("tokenizer.json"));
      Files.writeString(
          ModelFolders.miniLm(models, "garbage").resolve("onnx/model.onnx"), "no model");
      ModelFolders.tiny(models, "fancy", fancy());
      Await.until(
          "what is wrong is told",
          LIMIT,
          () ->
              part(api, "incomplete").contains("tokenizer.json is missing")
                  && part(api, "garbage").contains("onnx/model.onnx is no ONNX model"));
      Await.until("fancy is listed", LIMIT, () -> names(api).contains("fancy"));
      Answer refused = embed(api, "fancy");
      assertThat(refused.status()).isEqualTo(404);
      assertThat(refused.json().at("/error/code").textValue()).isEqualTo("model_not_found");
      assertThat(refused.json().at("/error/message").textValue())
          .contains("model fancy cannot be used: ", "Fancy")
          .doesNotContain(folder.toString());
      Await.until(
          "readiness, which may be a second old, tells it too",
          LIMIT,
          () -> part(api, "fancy").matches("cannot be opened: .*Fancy.*"));

      assertThat(names(api)).contains("mine").doesNotContain("incomplete", "garbage", "fancy");
      for (Answer answer : List.of(embed(api, "incomplete"), api.get("/v1/models/incomplete"))) {
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().at("/error/message").textValue())
            .contains("cannot be used: tokenizer.json is missing");
      }
      assertThat(api.get("/health/ready").status()).isEqualTo(200);
      assertThat(vector(embed(api, "mine"))).hasSize(384);
      assertThat(embed(api, "fancy").status()).isEqualTo(404);
      assertThat(penstock.log())
          .containsOnlyOnce("model incomplete is broken")
          .containsOnlyOnce("model garbage is broken")
          .containsOnlyOnce("model fancy cannot be opened");
      try (var stranger = new Api(penstock.uri(), "no-key-of-ours")) {
        Answer ready = stranger.get("/health/ready");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.raw().body())
            .doesNotContain("mine", "incomplete", "garbage", "fancy", "onnx", folder.toString());
      }
    }
  }

  private static TinyOnnx fancy() {
    return TinyModel.words().node("Fancy", "x", "words").output("x", 3);
  }

  @Test
  void aTaskWhoseModelIsBrokenAtTheNextStartEndsWithTheReason() throws Exception {
    Path models = Files.createDirectory(folder.resolve("models"));
    Path model = ModelFolders.tiny(models, "mine", TinyModel.quick());
    ModelFolders.tiny(models, "tiny", TinyModel.quick());
    Map<String, String> environment =
        Map.of("MODELS_DIR", models.toString(), "EMBEDDING_MODEL", "tiny");
    try (var penstock = PenstockProcess.start(folder, environment);
        var api = penstock.api()) {
      Answer accepted =
          api.post(
              "/v1/tasks",
              "{\"type\":\"embedding\",\"model\":\"mine\",\"input\":\"x\",\"delay_seconds\":1}");
      assertThat(accepted.status()).isEqualTo(202);
      penstock.kill();
      Files.writeString(model.resolve("onnx/model.onnx"), "no model");
      penstock.restart();

      String path = "/v1/tasks/" + accepted.json().path("id").textValue();
      Await.until(
          "the task has ended",
          LIMIT,
          () -> api.get(path).json().path("status").textValue().equals("failed"));
      JsonNode error = api.get(path).json().path("error");
      assertThat(error.path("code").textValue()).isEqualTo("model_not_found");
      assertThat(error.path("message").textValue())
          .contains("model mine cannot be used: onnx/model.onnx is no ONNX model");
    }
  }

  @Test
  void onlyTheLanesThatAreNamedAreServed() throws Exception {
    Map<String, String> environment = Map.of("MODEL_KEY", "all-minilm-l6-v2-q");
    try (var penstock = PenstockProcess.startShipped(folder, environment);
        var api = penstock.api()) {
      Answer waiting =
          api.post(
              "/v1/tasks",
              "{\"type\":\"embedding\",\"model\":\"all-minilm-l6-v2\",\"input\":\"x\",\"priority\":10}");
      assertThat(waiting.status()).isEqualTo(202);
      assertThat(vector(embed(api, "all-minilm-l6-v2-q"))).hasSize(384);
      assertThat(api.post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":10}").status())
          .isEqualTo(200);
      Answer still = api.get("/v1/tasks/" + waiting.json().path("id").textValue());
      assertThat(still.json().path("status").textValue()).isEqualTo("pending");
      assertThat(part(api, "all-minilm-l6-v2")).isEmpty();
      assertThat(names(api)).contains("all-minilm-l6-v2");
    }
  }

  @Test
  void aLaneOfNoModelStopsTheStart() throws Exception {
    Program.Ended ended =
        Program.run(folder, Map.of("MODEL_KEY", "gpt-9", "MODEL_TYPE", "pong"), "--port=0");

    assertThat(ended.status()).isEqualTo(WRONG_SETTINGS);
    assertThat(ended.output())
        .contains("model.key = 'gpt-9': no model is called that; there are all-minilm-l6-v2")
        .contains("model.type = 'pong': no task type is called that; there are embedding,");
  }

  private static Answer embed(Api api, String model) throws Exception {
    return api.post(
        "/v1/embeddings", "{\"model\":\"%s\",\"input\":\"Water flows\"}".formatted(model));
  }

  private static float[] vector(Answer answer) {
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
    return Vectors.of(answer.json().at("/data/0/embedding"));
  }

  private static List<String> names(Api api) throws Exception {
    return stream(api.get("/v1/models").json().path("data"))
        .map(model -> model.path("id").textValue())
        .toList();
  }

  /** What readiness says of the model; empty when nothing. */
  private static String part(Api api, String model) throws Exception {
    return stream(api.get("/health/ready").json().path("parts"))
        .filter(part -> part.path("name").textValue().equals("model " + model))
        .map(part -> part.path("message").textValue())
        .findFirst()
        .orElse("");
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
