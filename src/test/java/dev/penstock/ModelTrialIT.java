package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.HostileModels;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody who may put a directory into models.dir can do to the packaged program. */
final class ModelTrialIT {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final List<String> HOSTILE = List.of("aborts", "letters", "overflows");

  @TempDir Path folder;

  @Test
  void filesThatAbortNativeCodeAreNotFoundForClientsAndTheServerLivesOn() throws Exception {
    Path models = Files.createDirectory(folder.resolve("models"));
    ModelFolders.tiny(models, "tiny", TinyModel.quick());
    Map<String, String> settings =
        Map.of("MODELS_DIR", models.toString(), "EMBEDDING_MODEL", "tiny", "MODEL_TRIAL", "true");
    try (var penstock = PenstockProcess.start(folder, settings);
        var api = penstock.api()) {
      HostileModels.abortsOverAnyText(models, "aborts");
      HostileModels.abortsOverForeignLetters(models, "letters");
      HostileModels.overflowsTheStack(models, "overflows");
      Await.until("all are found", LIMIT, () -> names(api).containsAll(HOSTILE));
      for (int request = 0; request < 3; request++) {
        assertRefused(api);
        assertThat(embed(api, "tiny", "Zo\u00eb").status()).isEqualTo(200);
      }
      assertThat(penstock.alive()).isTrue();
      assertThat(api.metric("penstock_child_crashes_total{child=\"opening\"")).isEqualTo(3);
      assertThat(names(api)).contains("tiny").doesNotContainAnyElementsOf(HOSTILE);

      penstock.kill();
      penstock.restart();

      assertRefused(api);
      assertThat(embed(api, "tiny", "Zo\u00eb").status()).isEqualTo(200);
      assertThat(api.get("/metrics").raw().body())
          .as("what is known is not tried again")
          .doesNotContain("penstock_child_crashes_total{");
      assertThat(penstock.log())
          .as("once in each of two starts")
          .matches("(?s)(.*model aborts cannot be opened: ){2}.*")
          .doesNotMatch("(?s)(.*model aborts cannot be opened: ){3}.*");
    }
  }

  private static void assertRefused(Api api) throws Exception {
    for (String model : HOSTILE) {
      Answer refused = embed(api, model, "Zo\u00eb");
      assertThat(refused.status()).as(refused.raw().body()).isEqualTo(404);
      assertThat(refused.json().at("/error/code").textValue()).isEqualTo("model_not_found");
      assertThat(refused.json().at("/error/message").textValue())
          .containsPattern("model '?" + model + "'? cannot be used: tried before its first use, ");
    }
  }

  private static Answer embed(Api api, String model, String text) throws Exception {
    return api.post("/v1/embeddings", "{\"model\":\"%s\",\"input\":\"%s\"}".formatted(model, text));
  }

  private static List<String> names(Api api) throws Exception {
    return StreamSupport.stream(api.get("/v1/models").json().path("data").spliterator(), false)
        .map(model -> model.path("id").textValue())
        .toList();
  }
}
