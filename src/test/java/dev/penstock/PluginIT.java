package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Golden;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.PluginJar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/plugins.md in the program as it is shipped, beside a jar that is none. */
final class PluginIT {
  private static final Path EXAMPLE = Path.of("examples/plugin-word-count/src/main");
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static Api api;

  @BeforeAll
  static void start() throws Exception {
    Path plugins = Files.createDirectory(folder.resolve("mine"));
    Path built = folder.resolve("word-count.jar");
    PluginJar.build(EXAMPLE.resolve("java"), EXAMPLE.resolve("resources"), built);
    Files.move(built, plugins.resolve("word-count.jar"));
    Files.writeString(plugins.resolve("junk.jar"), "no jar");
    Files.copy(Golden.path("plugin-0.1.0.jar"), plugins.resolve("old.jar"));
    penstock = PenstockProcess.start(folder, Map.of("PLUGINS_DIR", plugins.toString()));
    api = penstock.api();
  }

  @AfterAll
  static void stop() throws Exception {
    api.close();
    penstock.close();
  }

  private static Api.Answer submit(String input, String more) throws Exception {
    return api.post("/v1/tasks", "{\"type\":\"word-count\",\"input\":%s%s}".formatted(input, more));
  }

  @Test
  void aTaskOfTheExamplesTypeIsRun() throws Exception {
    Api.Answer answer = submit("{\"text\":\"Water flows\\nwater falls\"}", ",\"wait_seconds\":30");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().get("result"))
        .isEqualTo(Api.JSON.readTree("{\"lines\":2,\"words\":4,\"different\":3}"));
  }

  @Test
  void aPluginThatWasCompiledAgainstAnEarlierVersionSeesWhatItSaw() throws Exception {
    String witness = "{\"type\":\"witness\",\"input\":{\"say\":\"all\"},\"wait_seconds\":30}";
    JsonNode task = api.post("/v1/tasks", witness).json();
    assertThat(task.path("status").asText()).as(task.toString()).isEqualTo("completed");
    JsonNode now = task.get("result");
    JsonNode then = Api.JSON.readTree(Golden.text("plugin-0.1.0/seen.json"));
    assertThat(now.fieldNames()).toIterable().containsExactlyElementsOf(() -> then.fieldNames());
    // What the others say is this task's own.
    for (String name : List.of("priorities", "states", "codes", "formats", "outcomes")) {
      assertThat(now.get(name)).as(name).isEqualTo(then.get(name));
    }
    assertThat(now.get("state")).isEqualTo(then.get("state"));
    assertThat(now.get("spec_id").asText()).isEqualTo(task.get("id").asText());
  }

  @Test
  void inputThatBreaksItsSchemaIsRefusedAtSubmit() throws Exception {
    for (String input : List.of("{}", "{\"text\":1}", "\"text\"", "{\"text\":\"a\",\"more\":1}")) {
      Api.Answer answer = submit(input, "");
      assertThat(answer.status()).as(input).isEqualTo(400);
      assertThat(answer.json().at("/error/param").textValue()).as(input).startsWith("input");
    }
  }

  @Test
  void whatTheHandlerRejectsFails() throws Exception {
    JsonNode task = submit("{\"text\":\" \"}", ",\"wait_seconds\":30").json();
    assertThat(task.get("status").textValue()).isEqualTo("failed");
    assertThat(task.at("/error/code").textValue()).isEqualTo("invalid_input");
    assertThat(task.get("attempts").intValue()).isEqualTo(1);
  }

  @Test
  void progressShowsWhileTheTaskRuns() throws Exception {
    String text = "one line\\n".repeat(8);
    String input = "{\"text\":\"%s\",\"pause_ms\":500}".formatted(text);
    String path = "/v1/tasks/" + submit(input, "").json().get("id").textValue();
    var seen = new AtomicLong();
    Await.until(
        "progress is seen",
        LIMIT,
        () -> {
          JsonNode task = api.get(path).json();
          seen.set(task.at("/progress/done").asLong());
          return seen.get() > 0 && task.get("status").textValue().equals("processing");
        });
    assertThat(seen.get()).isBetween(1L, 8L);
    Await.until(
        "it ends", LIMIT, () -> api.get(path).json().get("status").textValue().equals("completed"));
    assertThat(api.get(path).json().at("/result/words").intValue()).isEqualTo(16);
  }

  @Test
  void aRunPastItsTimeLimitIsStopped() throws Exception {
    String input = "{\"text\":\"%s\",\"pause_ms\":1000}".formatted("line\\n".repeat(100));
    JsonNode task =
        submit(input, ",\"timeout_seconds\":1,\"max_attempts\":1,\"wait_seconds\":30").json();
    assertThat(task.get("status").textValue()).isEqualTo("failed");
    assertThat(task.at("/error/code").textValue()).isEqualTo("timeout");
  }

  @Test
  void theHealthNamesEachJarAndTheLogTellsOnceWhatIsWrong() throws Exception {
    Api.Answer ready = api.get("/health/ready");
    assertThat(ready.status()).isEqualTo(200);
    var messages = new HashMap<String, String>();
    ready
        .json()
        .get("parts")
        .forEach(
            part -> messages.put(part.get("name").textValue(), part.get("message").textValue()));
    assertThat(messages)
        .containsEntry("plugin word-count.jar", "task types: word-count")
        .hasEntrySatisfying(
            "plugin junk.jar", message -> assertThat(message).startsWith("not loaded: "));
    List<String> told = new ArrayList<>(penstock.log().lines().toList());
    told.removeIf(line -> !line.contains("junk.jar"));
    assertThat(told).singleElement().asString().contains("WARN", "not loaded");
  }
}
