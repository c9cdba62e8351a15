package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.BadSettings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.Backends;
import dev.penstock.engine.mirror.MirrorBackend;
import dev.penstock.engine.mirror.MirrorTraits;
import dev.penstock.remote.RemoteDispatch;
import dev.penstock.remote.RemoteDispatch.Meeting;
import dev.penstock.remote.RemoteServer;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import dev.penstock.types.mirror.MirrorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
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

  private static final String MODELS =
      """
      models:
        - name: pond
          kind: mirror
          longest: 20
          backends:
            - glass: {place: away, slots: 9}
            - glass: {place: here, slots: 3}
        - name: desert
          kind: mirror
          longest: 20
          backends: [glass: {place: away, slots: 1}]
      """;

  private final MirrorBackend backend = new MirrorBackend();
  private final Abilities abilities = abilities(backend);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private Node node;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private Api api;

  private static Abilities abilities(MirrorBackend backend) {
    return new Abilities(
        and(Abilities.BUILT_IN.types(), new MirrorType()),
        new Backends(
            and(Backends.BUILT_IN.kinds(), new MirrorTraits.Kind()),
            and(Backends.BUILT_IN.backends(), backend)));
  }

  private static <T> List<T> and(List<T> builtIn, T more) {
    return Stream.concat(builtIn.stream(), Stream.of(more)).toList();
  }

  private Loaded settings(Path folder, String... more) throws IOException {
    Map<String, String> settings = new HashMap<>();
    settings.put("api.port", "0");
    settings.put("auth.token", PenstockProcess.KEY);
    settings.put("data.dir", folder.resolve("data").toString());
    settings.put("models.file", Files.writeString(folder.resolve("m.yaml"), MODELS).toString());
    settings.put("models.dir", TinyModel.models().toString());
    settings.put("model.trial", "false");
    settings.put("embedding.model", TinyModel.QUICK);
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return SettingsLoader.load(abilities.settings(), settings, Map.of(), null);
  }

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    node = Node.start(settings(folder), Node.Ports.AS_THEY_ARE, abilities);
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

  private static List<String> reflect(Api api, int count) throws Exception {
    String task = task("reflection", "pond", "stressed");
    List<String> ids =
        api.post("/v1/tasks", "[" + String.join(",", Collections.nCopies(count, task)) + "]")
            .json()
            .path("data")
            .findValuesAsText("id");
    assertThat(ids).hasSize(count);
    for (String id : ids) {
      Await.until(
          "it is done",
          LIMIT,
          () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("completed"));
      assertThat(api.get("/v1/tasks/" + id + "/result").json().path("reflection").asText())
          .isEqualTo("desserts");
    }
    return ids;
  }

  @Test
  void tasksOfTheKindRunInItsBackendsSlots() throws Exception {
    reflect(api, 40);

    assertThat(backend.opened).as("the one that is away was passed over").hasSize(1);
    assertThat(backend.opened.getFirst().most()).isEqualTo(3);
    assertThat(api.metric("penstock_batch_sequences_count{model=\"pond\"")).isEqualTo(40);
  }

  @Test
  void aWorkerFarAwayRunsThemAsWell(@TempDir Path server, @TempDir Path away) throws Exception {
    try (Node http =
            Node.start(settings(server, "roles", "http"), Node.Ports.AS_THEY_ARE, abilities);
        Api there = new Api(http.uri(), PenstockProcess.KEY)) {
      var remote = new RemoteServer(http.uri(), PenstockProcess.KEY, null);
      var met = (Meeting.Met) RemoteDispatch.meet(remote, "far", Duration.ofSeconds(1));
      Loaded own = settings(away, "model.key", "pond", "embedding.model", "none-of-these");
      try (RemoteWorker _ =
          RemoteWorker.start(own, abilities(new MirrorBackend()), met.dispatch(), "far")) {
        String id = reflect(there, 1).getFirst();
        assertThat(there.get("/v1/tasks/" + id).json().path("worker").asText()).isEqualTo("far");
      }
    }
  }

  @Test
  void aModelThatNoBackendOpensFailsItsTasksWithTheReason() throws Exception {
    String task = task("reflection", "desert", "a text").replace("{", "{\"max_attempts\":1,");
    String id = api.post("/v1/tasks", task).json().path("id").asText();
    Await.until(
        "it fails",
        LIMIT,
        () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("failed"));
    assertThat(api.get("/v1/tasks/" + id).json().path("error").path("message").asText())
        .isEqualTo("model desert: nobody is there");
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
  void theDefaultModelIsASettingOfTheType(@TempDir Path other) throws Exception {
    assertThatThrownBy(() ->
            Node.start(
                settings(other, "reflection.model", "tiny"), Node.Ports.AS_THEY_ARE, abilities))
        .isInstanceOf(BadSettings.class)
        .hasMessage(
            "reflection.model = 'tiny': must be a model of models.yaml or models.dir: pond; desert");
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
