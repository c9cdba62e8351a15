package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.Site;
import dev.penstock.testing.TinyModel;
import dev.penstock.testing.Urgent.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that cannot be opened, for ever or just now: row 33 of the faults. */
final class FaultsModelsIT {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int TASKS = 10 * SCALE;
  private static final int PARTS = 30;

  @TempDir static Path models;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site site;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    ModelFolders.tiny(models, "tiny", TinyModel.quick());
    site = Site.sqlite(folder, Map.of("MODELS_DIR", models.toString(), "EMBEDDING_MODEL", "tiny"));
  }

  @AfterAll
  static void stop() {
    site.close();
  }

  private static void awaitListed(String model) throws Exception {
    Await.until(
        model + " is listed", LIMIT, () -> site.api().get("/v1/models/" + model).status() == 200);
  }

  /** All at once, so that none is refused for what the first one shows. */
  private static void submit(Checker checker, String model, String more, Predicate<JsonNode> right)
      throws Exception {
    String task =
        "{\"type\":\"embedding\",\"model\":\"%s\",\"input\":\"water\"%s}".formatted(model, more);
    String tasks = "[" + String.join(",", Collections.nCopies(TASKS, task)) + "]";
    Answer answer = site.api().post("/v1/tasks", tasks);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
    answer.json().path("data").forEach(each -> checker.accepted(each.path("id").asText(), right));
    assertThat(checker.accepted()).isEqualTo(TASKS);
  }

  @Test
  void tasksOfAModelThatCanNeverOpenEndWithTheReason() throws Exception {
    try (var row = FaultRow.start(site, Work.EMBEDDING)) {
      ModelFolders.tiny(
          models, "fancy", TinyModel.words().node("Fancy", "x", "words").output("x", 3));
      awaitListed("fancy");
      submit(row.checker(), "fancy", "", FaultsModelsIT::endedWithTheReason);
      row.end("33", "a model has an operator that nobody knows");
      assertThat(site.process().log()).containsOnlyOnce("model fancy cannot be opened");
    }
  }

  private static boolean endedWithTheReason(JsonNode task) {
    return task.path("status").asText().equals("failed")
        && task.at("/error/code").asText().equals("model_not_found")
        && task.at("/error/message").asText().contains("Fancy");
  }

  @Test
  void tasksOfAModelThatIsBeingCopiedWaitForIt() throws Exception {
    try (var row = FaultRow.start(site, Work.EMBEDDING)) {
      Path file = ModelFolders.tiny(models, "copied", TinyModel.quick()).resolve("onnx/model.onnx");
      byte[] whole = Files.readAllBytes(file);
      awaitListed("copied");
      submit(row.checker(), "copied", ",\"delay_seconds\":1", FaultsModelsIT::ranOnce);
      for (int part = 1; part <= PARTS; part++) {
        Files.write(file, Arrays.copyOf(whole, whole.length * part / PARTS));
        TimeUnit.MILLISECONDS.sleep(100); // is the fault itself
      }
      row.end("33", "a model is copied while its tasks come");
    }
  }

  private static boolean ranOnce(JsonNode task) {
    return Checker.completed(task) && task.path("attempts").asInt() == 1;
  }
}
