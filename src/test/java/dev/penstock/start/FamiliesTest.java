package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.remote.RemoteDispatch;
import dev.penstock.remote.RemoteDispatch.Meeting;
import dev.penstock.remote.RemoteServer;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.PluginJar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole program whose tasks make tasks, on one node and with a worker far away. */
@Timeout(180)
final class FamiliesTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir Path folder;

  private Loaded settings(String name, String roles) {
    Map<String, String> all = new HashMap<>();
    all.put("api.port", "0");
    all.put("auth.token", PenstockProcess.KEY);
    all.put("data.dir", folder.resolve(name).toString());
    all.put("roles", roles);
    all.put("plugins.dir", folder.resolve("plugins").toString());
    return SettingGroups.load(all, Map.of(), null);
  }

  private Node node(String roles) throws Exception {
    return Node.start(settings("node", roles), Node.Ports.AS_THEY_ARE, Abilities.BUILT_IN);
  }

  private RemoteWorker worker(Node node) throws Exception {
    var server = new RemoteServer(node.uri(), PenstockProcess.KEY, null);
    var met = (Meeting.Met) RemoteDispatch.meet(server, "far", Duration.ofMillis(10));
    return RemoteWorker.start(
        settings("far", "http,inference"), Abilities.BUILT_IN, met.dispatch(), "far");
  }

  private static String submit(Api api, String input, String more) throws Exception {
    String body = "{\"type\":\"ping\",\"input\":%s%s}".formatted(input, more);
    return api.post("/v1/tasks", body).json().path("id").asText();
  }

  private static JsonNode task(Api api, String id) throws Exception {
    return api.get("/v1/tasks/" + id).json();
  }

  private static JsonNode ended(Api api, String id) throws Exception {
    Await.until("it has ended", LIMIT, () -> task(api, id).has("finished_at"));
    return task(api, id);
  }

  private static void check(Api api, String worker) throws Exception {
    String id = submit(api, "{\"children\":300,\"window\":16,\"sleep_ms\":5}", "");
    JsonNode parent = ended(api, id);
    assertThat(parent.path("status").asText()).as(parent.toString()).isEqualTo("completed");
    assertThat(parent.at("/result/children/completed").asInt()).isEqualTo(300);
    assertThat(parent.at("/result/children/failed").asInt()).isZero();
    assertThat(parent.path("attempts").asInt()).isEqualTo(1);
    assertThat(parent.path("lost").asInt()).isZero();
    assertThat(parent.at("/result/worker").asText()).startsWith(worker);
  }

  @Test
  void aPingWithChildrenCountsThemAll() throws Exception {
    try (Node node = node("http,inference");
        Api api = new Api(node.uri(), PenstockProcess.KEY)) {
      check(api, "node-");
    }
  }

  @Test
  void soItDoesByAWorkerFarAway() throws Exception {
    try (Node node = node("http");
        Api api = new Api(node.uri(), PenstockProcess.KEY);
        RemoteWorker _ = worker(node)) {
      check(api, "far");
    }
  }

  @Test
  void aParentThatWaitsSaysForHowManyAndListsThem() throws Exception {
    try (Node node = node("http,inference");
        Api api = new Api(node.uri(), PenstockProcess.KEY)) {
      String id = submit(api, "{\"children\":5,\"sleep_ms\":60000}", "");
      Await.until("it waits", LIMIT, () -> task(api, id).path("waiting_on").asInt() == 5);
      assertThat(task(api, id).path("status").asText()).isEqualTo("processing");
      assertThat(task(api, id).at("/progress/total").asInt()).isEqualTo(5);
      String list = "/v1/tasks?parent=" + id;
      Await.until("they are made", LIMIT, () -> api.get(list).json().path("data").size() == 5);
      JsonNode children = api.get(list).json().path("data");
      assertThat(children).hasSize(5);
      assertThat(children)
          .allSatisfy(child -> assertThat(child.path("parent").asText()).isEqualTo(id));
      Await.until(
          "it is counted apart",
          LIMIT,
          () -> api.get("/v1/queues/ping").json().path("waiting").asInt() == 1);
      assertThat(api.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
      Await.until(
          "its children end with it",
          LIMIT,
          () -> api.get("/v1/tasks?status=cancelled&parent=" + id).json().path("data").size() == 5);
    }
  }

  @Test
  void childrenThatFailForGoodAreCountedAsSuch() throws Exception {
    try (Node node = node("http,inference");
        Api api = new Api(node.uri(), PenstockProcess.KEY)) {
      String id =
          submit(api, "{\"children\":9,\"window\":3,\"fail_times\":1}", ",\"max_attempts\":1");
      JsonNode parent = ended(api, id);
      assertThat(parent.at("/result/children/failed").asInt()).as(parent.toString()).isEqualTo(9);
    }
  }

  /** The block of a documentation's language that has these words in it. */
  private static String block(String file, String language, String words) throws Exception {
    String docs = Files.readString(Path.of(file));
    for (int from = docs.indexOf("```" + language + "\n"); from >= 0; ) {
      int start = docs.indexOf('\n', from) + 1;
      int end = docs.indexOf("```\n", start);
      String block = docs.substring(start, end);
      if (block.contains(words)) {
        return block;
      }
      from = docs.indexOf("```" + language + "\n", end + 4);
    }
    throw new AssertionError(file + " has no block with " + words);
  }

  private static void checkSum(Api api) throws Exception {
    String text = "\"water finds its way\"";
    String texts = String.join(",", Collections.nCopies(150, text));
    String body = "{\"type\":\"word-sum\",\"input\":{\"texts\":[%s]}}".formatted(texts);
    String id = api.post("/v1/tasks", body).json().path("id").asText();
    JsonNode sum = ended(api, id);
    assertThat(sum.path("result"))
        .as(sum.toString())
        .isEqualTo(Api.JSON.readTree("{\"texts\":150,\"words\":600}"));
  }

  @Test
  void thePluginOfTheDocumentationMakesTasksHereAndFarAway() throws Exception {
    Path sources = Files.createDirectories(folder.resolve("sources"));
    Files.writeString(
        sources.resolve("WordSum.java"), block("docs/plugins.md", "java", "class WordSum"));
    Path services = Files.createDirectories(folder.resolve("resources/META-INF/services"));
    Files.writeString(
        services.resolve("dev.penstock.task.TaskHandler"), "org.example.wordsum.WordSum");
    Path plugins = Files.createDirectories(folder.resolve("plugins"));
    PluginJar.build(sources, folder.resolve("resources"), plugins.resolve("word-sum.jar"));
    try (Node node = node("http,inference");
        Api api = new Api(node.uri(), PenstockProcess.KEY)) {
      checkSum(api);
    }
    try (Node node = node("http");
        Api api = new Api(node.uri(), PenstockProcess.KEY);
        RemoteWorker _ = worker(node)) {
      checkSum(api);
    }
  }

  @Test
  void theWorkerOfTheDocumentationMakesTasks() throws Exception {
    String first = block("docs/worker.md", "python", "def keep(");
    Path script =
        Files.writeString(
            folder.resolve("family.py"),
            first.substring(0, first.indexOf("def run("))
                + block("docs/worker.md", "python", "def family("));
    try (Node node = node("http");
        Api api = new Api(node.uri(), PenstockProcess.KEY)) {
      Process python =
          new ProcessBuilder(
                  "python3", script.toString(), node.uri().toString(), PenstockProcess.KEY)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("python.log").toFile())
              .start();
      try {
        JsonNode parent = ended(api, submit(api, "{\"children\":30}", ""));
        assertThat(parent.at("/result/children/completed").asInt())
            .as("%s %s", parent, Files.readString(folder.resolve("python.log")))
            .isEqualTo(30);
      } finally {
        python.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    }
  }
}
