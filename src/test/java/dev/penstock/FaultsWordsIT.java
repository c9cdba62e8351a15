package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Site;
import dev.penstock.testing.TinyModel;
import dev.penstock.testing.Urgent.Work;
import dev.penstock.testing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What workers say badly, and texts that nobody writes: rows 30 and 32 of the faults. */
final class FaultsWordsIT {
  private static final int LONG = 30_000;

  /** What is kept of a message, and the sign that it was cut. */
  private static final int MOST_WORDS = 2_001;

  private static final int ENDLESS = 10;
  private static final int LETTERS = 3_900_000;
  private static final int IDS = 300_000;

  /** In cl100k_base 128 spaces. */
  private static final String SPACES = "58040";

  private static final String SHORT =
      "{\"input\":[\"five\",\"short texts\",\"of a neighbour\",\"who waits\",\"for nobody\"]}";

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site site;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    // Pings are left to the worker that the test plays, and each text is read anew.
    Map<String, String> settings = new HashMap<>(TinyModel.settings());
    settings.putAll(
        Map.of("MODEL_TYPE", "embedding", "EMBEDDING_CACHE", "0", "TASK_RETRY_BASE", "100ms"));
    site = Site.sqlite(folder, settings);
  }

  @AfterAll
  static void stop() {
    site.close();
  }

  @Test
  void whatAWorkerSaysBadlyCostsNoLeaseNoResultAndNoNeighbour() throws Exception {
    int tasks = 8 * SCALE;
    try (var row = FaultRow.start(site, Work.EMBEDDING)) {
      for (int i = 0; i < tasks; i++) {
        String task = "{\"type\":\"ping\",\"input\":{\"number\":%d}}".formatted(i);
        assertThat(row.checker().submit(site.api(), task, FaultsWordsIT::mended)).isPresent();
      }
      int done = 0;
      while (done < tasks) {
        JsonNode leased =
            post(
                "lease",
                "{\"worker\":\"clumsy\",\"lanes\":[\"ping\"],\"max\":8,\"wait_seconds\":1}");
        List<JsonNode> leases = new ArrayList<>();
        leased.path("leases").forEach(leases::add);
        extendBadly(leases);
        for (JsonNode lease : leases) {
          done += settle(lease) ? 1 : 0;
        }
      }
      row.end("30", "a worker's errors, progress and ids make no sense");
    }
  }

  private static JsonNode post(String what, String body) throws Exception {
    Answer answer = site.api().post("/v1/worker/" + what, body);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
    return answer.json();
  }

  /** More done than there is, endless words, and an id that is none among the others. */
  private static void extendBadly(List<JsonNode> leases) throws Exception {
    ObjectNode body = Api.JSON.createObjectNode().put("worker", "clumsy");
    ArrayNode held = body.putArray("leases");
    held.addObject().put("id", "none").put("token", 7);
    for (JsonNode lease : leases) {
      ObjectNode each = held.addObject();
      each.set("id", lease.at("/task/id"));
      each.set("token", lease.path("token"));
      each.putObject("progress").put("done", 9).put("total", 4).put("message", "w".repeat(LONG));
    }
    JsonNode extended = post("extend", body.toString()).path("leases");
    assertThat(extended.findValuesAsText("status"))
        .hasSameSizeAs(leases)
        .allMatch(status -> status.equals("held"));
  }

  /** Half of the first attempts fail without a word, or with too many; whether it is done. */
  private static boolean settle(JsonNode lease) throws Exception {
    JsonNode task = lease.path("task");
    int number = task.at("/input/number").asInt();
    ObjectNode body = Api.JSON.createObjectNode();
    body.set("id", task.path("id"));
    body.set("token", lease.path("token"));
    boolean done = number % 2 == 0 || task.path("attempts").asInt() > 0;
    if (done) {
      body.put("outcome", "done");
      body.putObject("result").put("worker", "clumsy").set("echo", task.path("input"));
    } else {
      body.put("outcome", "retry");
      body.putObject("error").put("message", number % 4 == 1 ? "" : "e".repeat(LONG));
    }
    post("settle", body.toString());
    return done;
  }

  private static boolean mended(JsonNode task) {
    boolean said =
        StreamSupport.stream(task.path("steps").spliterator(), false)
            .filter(step -> step.has("error"))
            .map(step -> step.at("/error/message").asText())
            .allMatch(words -> !words.isBlank() && words.length() <= MOST_WORDS);
    return said && Checker.completed(task) && task.at("/result/worker").asText().equals("clumsy");
  }

  @Test
  void aNeighbourWithShortTextsHasHisTurnBesideTenEndlessOnes() throws Exception {
    Api api = site.api();
    List<float[]> references = vectors(api.post("/v1/embeddings", SHORT));
    try (var row = FaultRow.start(site, Work.HELD);
        var other = new Api(api.base(), api.keyOf("endless"))) {
      List<Long> nanos = new CopyOnWriteArrayList<>();
      var over = new AtomicBoolean();
      try (var _ =
          Producers.start(
              1,
              () -> {
                long start = System.nanoTime();
                Answer answer = api.post("/v1/embeddings", SHORT);
                if (!over.get()) {
                  nanos.add(System.nanoTime() - start);
                }
                row.checker().answered(same(vectors(answer), references));
              })) {
        for (int round = 0; round < SCALE; round++) {
          Producers.all(ENDLESS, i -> row.checker().answered(answers(other, ids(i))));
          Producers.all(ENDLESS, i -> row.checker().answered(answers(other, word(i))));
        }
        over.set(true);
      }
      row.end(
          "32",
          "endless words, and 38 million spaces as token ids, ten at once",
          "five short texts beside them %d ms at most; resident %d MB at most"
              .formatted(Collections.max(nanos) / 1_000_000, mostResident(site.process().pid())));
    }
  }

  private static boolean answers(Api api, String input) throws Exception {
    return api.post("/v1/embeddings", "{\"input\":" + input + "}").status() == 200;
  }

  /** Each differs, or they would be one piece of work. */
  private static String ids(int number) {
    return "[" + (SPACES + ",").repeat(IDS - 1) + (1_000 + number) + "]";
  }

  private static String word(int number) {
    return "\"" + number + "q".repeat(LETTERS) + "\"";
  }

  private static List<float[]> vectors(Answer answer) {
    List<float[]> vectors = new ArrayList<>();
    answer.json().path("data").forEach(each -> vectors.add(Vectors.of(each.path("embedding"))));
    return vectors;
  }

  private static boolean same(List<float[]> vectors, List<float[]> references) {
    boolean same = vectors.size() == references.size();
    for (int i = 0; same && i < vectors.size(); i++) {
      same = Vectors.cosine(vectors.get(i), references.get(i)) > 0.9999;
    }
    return same;
  }

  private static long mostResident(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1_024)
        .findFirst()
        .orElse(0);
  }
}
