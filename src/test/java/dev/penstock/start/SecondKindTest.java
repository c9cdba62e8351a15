package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.Backends;
import dev.penstock.mirror.MirrorBackend;
import dev.penstock.mirror.MirrorTraits;
import dev.penstock.mirror.MirrorType;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole program that knows a second kind of model, beside embeddings, over HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SecondKindTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final MirrorBackend backend = new MirrorBackend();

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private Node node;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private Api api;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    Path models =
        Files.writeString(
            folder.resolve("models.yaml"),
            """
            models:
              - name: pond
                kind: mirror
                longest: 20
                backends:
                  - glass: {place: away, slots: 9}
                  - glass: {place: here, slots: 3}
            """);
    var abilities =
        new Abilities(
            Stream.concat(Abilities.BUILT_IN.types().stream(), Stream.of(new MirrorType()))
                .toList(),
            new Backends(
                Stream.concat(
                        Backends.BUILT_IN.kinds().stream(), Stream.of(new MirrorTraits.Kind()))
                    .toList(),
                Stream.concat(Backends.BUILT_IN.backends().stream(), Stream.of(backend)).toList()));
    Map<String, String> settings =
        Map.of(
            "api.port",
            "0",
            "auth.token",
            PenstockProcess.KEY,
            "data.dir",
            folder.resolve("data").toString(),
            "models.file",
            models.toString(),
            "models.dir",
            TinyModel.models().toString(),
            "embedding.model",
            TinyModel.QUICK);
    node =
        Node.start(SettingGroups.load(settings, Map.of(), null), Node.Ports.AS_THEY_ARE, abilities);
    api = new Api(node.uri(), PenstockProcess.KEY);
  }

  @AfterAll
  void stop() {
    api.close();
    node.close();
  }

  private static String task(String type, String model, String input) {
    return "{\"type\":\"%s\",\"model\":\"%s\",\"input\":\"%s\"}".formatted(type, model, input);
  }

  @Test
  void tasksOfTheKindRunInItsBackendsSlots() throws Exception {
    String task = task("reflection", "pond", "stressed");
    List<String> ids =
        api.post("/v1/tasks", "[" + String.join(",", Collections.nCopies(40, task)) + "]")
            .json()
            .path("data")
            .findValuesAsText("id");

    assertThat(ids).hasSize(40);
    for (String id : ids) {
      Await.until(
          "it is done",
          LIMIT,
          () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("completed"));
      assertThat(api.get("/v1/tasks/" + id + "/result").json().path("reflection").asText())
          .isEqualTo("desserts");
    }
    assertThat(backend.opened).as("the one that is away was passed over").hasSize(1);
    assertThat(backend.opened.getFirst().most()).isEqualTo(3);
    assertThat(api.metric("penstock_batch_sequences_count{model=\"pond\"")).isEqualTo(40);
  }

  @Test
  void aModelIsInTheLanesOfItsKindAlone() throws Exception {
    assertThat(api.get("/v1/queues").json().path("data").findValuesAsText("lane"))
        .contains("reflection.pond", "embedding.tiny", "ping")
        .doesNotContain("reflection.tiny", "embedding.pond", "reflection");
  }

  @ParameterizedTest
  @CsvSource({
    "embedding, pond, 'cannot be used: it is a model for mirror, not embedding'",
    "reflection, tiny, 'cannot be used: it is a model for embedding, not mirror'",
    "reflection, none, does not exist",
  })
  void aModelOfAnotherKindIsRefusedByItsName(String type, String model, String reason)
      throws Exception {
    var refused = api.post("/v1/tasks", task(type, model, "a text"));
    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.json().path("error").path("code").asText()).isEqualTo("model_not_found");
    assertThat(refused.json().path("error").path("message").asText()).contains(reason);
  }

  @ParameterizedTest
  @CsvSource({"/v1/embeddings, input", "/api/v1/embedding, text"})
  void theRoutesOfAKindRefuseModelsOfAnother(String route, String field) throws Exception {
    var refused = api.post(route, "{\"model\":\"pond\",\"%s\":\"a text\"}".formatted(field));
    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.json().path("error").path("param").asText()).isEqualTo("model");
  }

  @Test
  void aTypeWithoutADefaultModelAsksForOne() throws Exception {
    var refused = api.post("/v1/tasks", "{\"type\":\"reflection\",\"input\":\"a\"}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("error").path("message").asText()).contains("model", "missing");
  }

  @Test
  void clientsAreToldWhatTheKindSaysOfItsModels() throws Exception {
    assertThat(api.get("/v1/models/pond").json().path("longest").asInt()).isEqualTo(20);
    assertThat(api.get("/v1/models/pond").json().has("dimensions")).isFalse();
    assertThat(api.get("/v1/models/tiny").json().path("dimensions").asInt()).isEqualTo(384);
    assertThat(api.get("/api/v1/embedding/models").json().path("models").findValuesAsText("name"))
        .contains("tiny")
        .doesNotContain("pond");
  }

  @Test
  void inputsAreCheckedByTheTraitsOfTheModel() throws Exception {
    var refused = api.post("/v1/tasks", task("reflection", "pond", "x".repeat(21)));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("error").path("message").asText())
        .contains("at most 20 letters");
  }
}
