package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TcpProxy;
import dev.penstock.testing.Vectors;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers over HTTP, each in a process of its own; row 14 of the table of faults. */
final class RemoteWorkerIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Whose runs are cut short. */
  private static final int RUNNING = 5;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static PenstockProcess penstock;

  @SuppressWarnings("NullAway.Init") // Opened before all tests.
  private static Api api;

  @TempDir Path folder;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    penstock = server(folder, "embedding");
    api = penstock.api();
  }

  @AfterAll
  static void stop() {
    api.close();
    penstock.close();
  }

  @BeforeEach
  void clearTasks() throws Exception {
    api.clearTasks();
  }

  private static PenstockProcess server(Path folder, String types) throws Exception {
    Map<String, String> environment = new HashMap<>(PenstockProcess.SHORT_LEASES);
    environment.put("TASK_MAX_LOST", "3");
    environment.put("MODEL_TYPE", types);
    return PenstockProcess.start(folder, environment);
  }

  private Program worker(URI server, String name, String... options) throws Exception {
    return WorkerFarAway.start(folder, server, name, options);
  }

  /** Submits tasks that take so long, and waits until all of them run. */
  private static void run(Checker checker, int millis) throws Exception {
    for (int i = 0; i < RUNNING; i++) {
      checker.ping(api, ",\"sleep_ms\":" + millis);
    }
    Await.until(
        "they run",
        LIMIT,
        () ->
            api.get("/v1/tasks?status=processing&limit=100").json().path("data").size() == RUNNING);
  }

  private static JsonNode ended(Api api, String id) throws Exception {
    JsonNode[] task = new JsonNode[1];
    Await.until(
        "task " + id + " has ended",
        LIMIT,
        () -> {
          task[0] = api.get("/v1/tasks/" + id).json();
          return task[0].has("finished_at");
        });
    return task[0];
  }

  @Test
  void whatAWorkerFarAwayMakesIsWhatANodeMakesAndAStopGivesTheRestBack() throws Exception {
    var checker = new Checker();
    String text = "Water finds its way from far away";
    float[] reference =
        Vectors.of(
            api.post("/v1/embeddings", "{\"input\":\"" + text + "\"}")
                .json()
                .at("/data/0/embedding"));
    for (int i = 0; i < 50; i++) {
      checker.ping(api, ",\"exact\":1.10");
    }
    try (var worker = worker(penstock.uri(), "far", "--set", "shutdown.timeout=2s")) {
      checker.settle(api, LIMIT).assertKept();
      String id = checker.embedding(api, text, reference).orElseThrow();
      ended(api, id);
      // Long ones are given back at a stop.
      for (int i = 0; i < 10; i++) {
        checker.ping(api, ",\"sleep_ms\":60000");
      }
      Await.until(
          "they run",
          LIMIT,
          () -> api.get("/v1/tasks?status=processing&limit=100").json().path("data").size() == 10);
      assertThat(worker.terminate()).as(worker.output()).isZero();
      assertThat(folder.resolve("far/data/penstock.db")).doesNotExist();
      assertThat(folder.resolve("far/data/api-key")).doesNotExist();
    }
    JsonNode waiting = api.get("/v1/tasks?status=pending&limit=100").json().path("data");
    assertThat(waiting).hasSize(10);
    waiting.forEach(task -> {
      assertThat(task.path("lost").asInt()).isZero();
      assertThat(task.path("attempts").asInt()).isZero();
    });
  }

  @Test
  void aWorkerMakesEmbeddingsOfALaneThatNobodyElseServes() throws Exception {
    var checker = new Checker();
    try (var pings = server(Files.createDirectories(folder.resolve("server")), "ping");
        var api = pings.api();
        var _ = worker(pings.uri(), "model", "--lanes", "embedding")) {
      var held = api.post("/v1/embeddings", "{\"input\":[\"one\",\"two\"]}");
      assertThat(held.status()).as(held.raw().body()).isEqualTo(200);
      float[] reference = Vectors.of(held.json().at("/data/1/embedding"));
      assertThat(reference).hasSize(384);
      checker.embedding(api, "two", reference);
      checker.settle(api, LIMIT).assertKept();
    }
  }

  @Test
  void aWorkerWithoutNetworkLosesItsLeasesAndComesBackByItself() throws Exception {
    var checker = new Checker();
    try (var network = new TcpProxy(penstock.uri().getPort());
        var cutOff = worker(network.uri(), "cut-off")) {
      run(checker, 3_000);
      network.cut();
      try (var elsewhere = worker(penstock.uri(), "elsewhere")) {
        checker.settle(api, LIMIT).assertKept();
        assertThat(api.get("/v1/tasks?limit=100").json().path("data"))
            .allSatisfy(task -> assertThat(task.path("worker").asText()).isEqualTo("elsewhere"));
        cutOff.awaitOutput(" does not answer");
        assertThat(elsewhere.terminate()).isZero();
      }
      network.mend();
      cutOff.awaitOutput(" answers again");
      String after = checker.ping(api, "").orElseThrow();
      assertThat(ended(api, after).path("worker").asText()).isEqualTo("cut-off");
      checker.settle(api, LIMIT).assertKept();
    }
  }

  @Test
  void aStaleResultIsRefusedAndARepeatedOneIsNot() throws Exception {
    double stale = api.metric("penstock_settles_stale_total");
    String id = api.post("/v1/tasks", "{\"type\":\"ping\"}").json().path("id").asText();
    String poll =
        "{\"worker\":\"%s\",\"lanes\":[\"ping\"],\"wait_seconds\":20,\"suspects\":\"take\"}";
    String first =
        api.post("/v1/worker/lease", poll.formatted("first")).json().at("/leases/0/token").asText();
    JsonNode second = api.post("/v1/worker/lease", poll.formatted("second")).json();
    assertThat(second.at("/leases/0/task/lost").asInt()).isEqualTo(1);
    String settle = "{\"id\":\"%s\",\"token\":\"%s\",\"outcome\":\"done\",\"result\":\"%s\"}";
    assertThat(api.post("/v1/worker/settle", settle.formatted(id, first, "late")).status())
        .isEqualTo(409);
    String token = second.at("/leases/0/token").asText();
    assertThat(api.post("/v1/worker/settle", settle.formatted(id, token, "right")).status())
        .isEqualTo(200);
    var again = api.post("/v1/worker/settle", settle.formatted(id, token, "right"));
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().path("status").asText()).isEqualTo("repeated");
    assertThat(ended(api, id).path("result").asText()).isEqualTo("right");
    assertThat(api.metric("penstock_settles_stale_total") - stale).isEqualTo(1);
  }

  @Test
  void theWorkOfAKilledWorkerRunsElsewhereAndACancelReachesAWorker() throws Exception {
    var checker = new Checker();
    try (var _ = worker(penstock.uri(), "killed")) {
      run(checker, 2_000);
    } // its end is a SIGKILL
    try (var _ = worker(penstock.uri(), "next", "--log-level", "debug")) {
      checker.settle(api, LIMIT).assertKept();
      var _ = cancelledAsItRan(api);
      String then = checker.ping(api, "").orElseThrow();
      assertThat(ended(api, then).path("worker").asText()).isEqualTo("next");
    }
  }

  /** A task that would run for long and was cancelled as it did. */
  private static String cancelledAsItRan(Api api) throws Exception {
    String id =
        api.post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"sleep_ms\":600000}}")
            .json()
            .path("id")
            .asText();
    Await.until(
        "it runs",
        LIMIT,
        () -> api.get("/v1/tasks/" + id).json().path("status").asText().equals("processing"));
    assertThat(api.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
    return id;
  }

  @Test
  void aTaskThatKillsItsWorkerTwiceRunsApartFromThenOnAndFailsAlone() throws Exception {
    var checker = new Checker();
    String[] mayCrash = {"--set", "ping.allow-crash=true"};
    checker.submit(
        api,
        "{\"type\":\"ping\",\"priority\":9,\"input\":{\"crash\":true}}",
        task -> task.at("/error/code").asText().equals("lease_lost"));
    for (int deaths = 0; deaths < 2; deaths++) {
      // Under one name: a new process does not hide that the one before it died.
      try (var worker = worker(penstock.uri(), "mortal", mayCrash)) {
        assertThat(worker.awaitEnd().status()).isEqualTo(137);
      }
    }
    try (var worker = worker(penstock.uri(), "mortal", mayCrash)) {
      checker.ping(api, "");
      checker.settle(api, LIMIT).assertKept();
      assertThat(worker.output()).contains("ran alone when its process died");
      assertThat(worker.terminate()).isZero();
    }
  }

  @Test
  void aWorkerThatIsToldToDrainFinishesAndTakesNothingMore() throws Exception {
    var checker = new Checker();
    try (var drained = worker(penstock.uri(), "drained")) {
      String running = checker.ping(api, ",\"sleep_ms\":3000").orElseThrow();
      Await.until(
          "it runs and the worker is known",
          LIMIT,
          () ->
              api.get("/v1/tasks/" + running).json().path("status").asText().equals("processing")
                  && api.get("/v1/workers").raw().body().contains("\"drained\""));
      assertThat(api.post("/v1/workers/drained/drain", "").status()).isEqualTo(202);
      drained.awaitOutput("told to drain");
      assertThat(ended(api, running).path("worker").asText()).isEqualTo("drained");
      String next = checker.ping(api, "").orElseThrow();
      try (var _ = worker(penstock.uri(), "other")) {
        assertThat(ended(api, next).path("worker").asText()).isEqualTo("other");
        checker.settle(api, LIMIT).assertKept();
      }
      assertThat(drained.terminate()).isZero();
    }
  }

  @Test
  void aWrongKeyEndsTheStart() throws Exception {
    var ended =
        Program.run(
            folder,
            Map.of("PENSTOCK_KEY", "sk-wrong"),
            "worker",
            "--server",
            penstock.uri().toString());
    assertThat(ended.status()).isEqualTo(1);
    assertThat(ended.output()).contains("cannot start").contains("401");
  }

  @Test
  void theWorkerOfTheDocumentationRunsTasksAndHeedsACancel() throws Exception {
    String docs = Files.readString(Path.of("docs/worker.md"));
    int from = docs.indexOf("```python\n") + "```python\n".length();
    Path script =
        Files.writeString(
            folder.resolve("worker.py"), docs.substring(from, docs.indexOf("```", from)));
    var checker = new Checker();
    Process python =
        new ProcessBuilder(
                "python3", script.toString(), penstock.uri().toString(), PenstockProcess.KEY)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("python.log").toFile())
            .start();
    try {
      for (int i = 0; i < 20; i++) {
        checker.ping(api, "");
      }
      checker.settle(api, LIMIT).assertKept();
      String id = cancelledAsItRan(api);
      checker.ping(api, "");
      checker.settle(api, Duration.ofSeconds(30)).assertKept();
      assertThat(ended(api, id).path("status").asText()).isEqualTo("cancelled");
      assertThat(python.isAlive()).isTrue();
    } finally {
      python.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }
}
