package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.PluginJar;
import dev.penstock.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker over HTTP with plugins, of more types than a poll may have lanes. */
final class RemotePluginsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int MANY = 90;
  private static final String HANDLER =
      """
      public final class %s implements TaskHandler {
        public String type() { return "%s"; }
        public String inputSchema() { return "{}"; }
        public String outputSchema() { return "{}"; }
        public Outcome run(Task task, Control control) { return %s; }
      }
      """;

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static Program worker;
  private static Api api;

  @BeforeAll
  static void start() throws Exception {
    Path plugins = Files.createDirectory(folder.resolve("mine"));
    Map<String, String> classes = new HashMap<>();
    for (int i = 0; i < MANY; i++) {
      classes.put("N" + i, HANDLER.formatted("N" + i, "n" + i, "Outcome.done(" + i + ")"));
    }
    classes.put(
        "Late",
        HANDLER.formatted("Late", "late", "new Outcome.Postpone(java.time.Duration.ofDays(2))"));
    classes.put(
        "Own",
        HANDLER.formatted(
            "Own", "own", "new Outcome.Reject(new TaskError(TaskError.Code.STOPPING, \"mine\"))"));
    classes.put(
        "Full",
        HANDLER.formatted(
            "Full",
            "full",
            "new Outcome.Reject(new TaskError(TaskError.Code.OVERLOADED, \"mine\"))"));
    classes.put(
        "Deep",
        HANDLER.formatted(
            "Deep",
            "deep",
            "new Outcome.Done(TaskOutput.json(\"[\".repeat(100) + \"]\".repeat(100)))"));
    Path built = folder.resolve("many.jar");
    PluginJar.build(Files.createDirectory(folder.resolve("work")), classes, built);
    Files.move(built, plugins.resolve("many.jar"));
    penstock =
        PenstockProcess.start(
            Files.createDirectory(folder.resolve("server")),
            Map.of("MODEL_TYPE", "embedding", "PLUGINS_DIR", plugins.toString()));
    api = penstock.api();
    worker = WorkerFarAway.start(folder, penstock.uri(), "many", "--set", "plugins.dir=" + plugins);
  }

  @AfterAll
  static void stop() throws Exception {
    worker.close();
    api.close();
    penstock.close();
  }

  private static String submit(String type) throws Exception {
    return api.post("/v1/tasks", "{\"type\":\"" + type + "\"}").json().path("id").asText();
  }

  private static JsonNode ended(String id) throws Exception {
    JsonNode[] task = new JsonNode[1];
    Await.until(
        "it has ended",
        LIMIT,
        () -> {
          task[0] = api.get("/v1/tasks/" + id).json();
          return task[0].has("finished_at");
        });
    return task[0];
  }

  @Test
  void everyLaneOfAWorkerIsServedHoweverManyItHas() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      ids.add(submit("n" + i));
    }
    for (int i = 0; i < MANY; i++) {
      assertThat(ended(ids.get(i)).path("result").asInt()).isEqualTo(i);
    }
    assertThat(worker.output()).doesNotContain("does not answer");
  }

  @Test
  void whatAPluginMaySayOnANodeItMaySayInAWorker() throws Exception {
    String late = submit("late");
    Await.until(
        "it waits", LIMIT, () -> api.get("/v1/queues/late").json().path("scheduled").asInt() == 1);
    assertThat(api.get("/v1/tasks/" + late).json().path("attempts").asInt()).isZero();
    JsonNode full = ended(submit("full")).path("error");
    assertThat(full.path("code").asText()).isEqualTo("overloaded");
    JsonNode own = ended(submit("own")).path("error");
    assertThat(own.path("code").asText()).isEqualTo("handler_failed");
    assertThat(own.path("message").asText()).isEqualTo("stopping: mine");
    String deep = submit("deep");
    assertThat(ended(deep).path("status").asText()).isEqualTo("completed");
    assertThat(api.get("/v1/tasks/" + deep + "/result").raw().body())
        .contains("[".repeat(100) + "]".repeat(100));
  }
}
