package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Site;
import dev.penstock.testing.TinyModel;
import dev.penstock.testing.Urgent.Work;
import dev.penstock.testing.Vectors;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * More work for a model than it can do, and work that is given up: rows 24 and 34 of the faults.
 */
final class FaultsDeadlinesIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String MADE = "penstock_batch_sequences_sum";
  private static final int MOST_TEXTS = 2_048;
  private static final int TEXTS = 4;
  private static final int SENTENCES = 8;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site site;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    Map<String, String> settings = new HashMap<>(TinyModel.settings(TinyModel.SLOW));
    settings.put("INFERENCE_THREADS", "1");
    settings.put("INFERENCE_TOKEN_BUDGET", "512");
    settings.put("HTTP_ABANDON_AFTER", "100ms");
    site = Site.sqlite(folder, settings);
  }

  @AfterAll
  static void stop() {
    site.close();
  }

  private static String texts(String name, int number, int sentences) {
    return IntStream.range(0, number)
        .mapToObj(
            i -> "\"" + name + " " + i + " water flows down the hill".repeat(sentences) + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static void submit(Checker checker, String name, String more, AtomicInteger completed)
      throws Exception {
    String task =
        "{\"type\":\"embedding\",\"input\":%s%s}".formatted(texts(name, TEXTS, SENTENCES), more);
    assertThat(checker.submit(site.api(), task, each -> completedOrExpired(each, completed)))
        .isPresent();
  }

  /** What has begun completes; nothing is thrown away. */
  private static boolean completedOrExpired(JsonNode task, AtomicInteger completed) {
    if (Checker.completed(task)) {
      completed.incrementAndGet();
      return true;
    }
    return FullSite.cancelled(task)
        && task.at("/error/code").asText().equals("expired")
        && task.path("attempts").asInt() == 0;
  }

  /** As many tasks as the model does in so many seconds, without any limits, by trying some. */
  private static double tasksInASecond() throws Exception {
    int tasks = 10;
    var warm = new Checker();
    submit(warm, "warm", "", new AtomicInteger());
    warm.settle(site.api(), LIMIT).assertKept();
    var checker = new Checker();
    long start = System.nanoTime();
    for (int i = 0; i < tasks; i++) {
      submit(checker, "alone " + i, "", new AtomicInteger());
    }
    checker.settle(site.api(), LIMIT).assertKept();
    return tasks * 1e9 / (System.nanoTime() - start);
  }

  @Test
  void ofThreeTimesTheWorkThatCanBeDoneInTimeWhatBeginsCompletes() throws Exception {
    double capacity = tasksInASecond();
    int tasks = 30 * SCALE;
    double seconds = tasks / 3.0 / capacity;
    try (var row = FaultRow.start(site, Work.EMBEDDING)) {
      var completed = new AtomicInteger();
      long start = System.nanoTime();
      double until = System.currentTimeMillis() / 1e3 + seconds;
      String more =
          ",\"timeout_seconds\":10,\"max_attempts\":1,\"start_before\":%.3f".formatted(until);
      for (int i = 0; i < tasks; i++) {
        submit(row.checker(), "much " + i, more, completed);
      }
      row.checker().settle(site.api(), LIMIT.multipliedBy(SCALE)).assertKept();
      double took = (System.nanoTime() - start) / 1e9;
      int done = completed.getAndSet(0);
      assertThat(done).isBetween(1, tasks - 1);
      row.end(
          "24",
          "three times the work that can be done in time",
          "%d of %d in %.1f s: %.0f %% of what it does without limits"
              .formatted(done, tasks, took, 100 * done / (took * capacity)));
    }
  }

  @Test
  void whatWasMadeOfAListWhoseClientLeftIsUsedWhenItComesAgain() throws Exception {
    int texts = Math.min(MOST_TEXTS, 200 * SCALE);
    String body = "{\"input\":" + texts("list", texts, SENTENCES) + "}";
    List<float[]> references = vectors(site.api(), texts("list", 5, SENTENCES));
    site.kill(); // what is in memory is gone, so that the same is made anew
    site.process().restart();
    try (var row = FaultRow.start(site, Work.PING)) {
      double before = site.api().metric(MADE);
      try (Socket _ = open(body)) {
        Await.until("a part is made", LIMIT, () -> site.api().metric(MADE) - before > texts / 3.0);
      }
      Await.until(
          "it is given up",
          LIMIT,
          () -> site.api().metric("penstock_lane_running{lane=\"embedding") == 0);
      double first = site.api().metric(MADE) - before;
      assertThat(first).as("made when it was given up").isLessThan(texts);
      Answer again = site.api().post("/v1/embeddings", body);
      assertThat(again.status()).isEqualTo(200);
      double second = site.api().metric(MADE) - before - first;
      assertThat(second).as("made when it came again").isLessThan(texts);
      for (int i = 0; i < references.size(); i++) {
        row.checker()
            .answered(
                Vectors.cosine(
                        Vectors.of(again.json().at("/data/" + i + "/embedding")), references.get(i))
                    > 0.9999);
      }
      row.checker().answered(again.json().path("data").size() == texts);
      row.end(
          "34",
          "a client leaves a list half done, and sends it again",
          "of %d texts %.0f were made at first, %.0f later".formatted(texts, first, second));
    }
  }

  private static List<float[]> vectors(Api api, String texts) throws Exception {
    Answer answer = api.post("/v1/embeddings", "{\"input\":" + texts + "}");
    assertThat(answer.status()).isEqualTo(200);
    List<float[]> vectors = new ArrayList<>();
    answer.json().path("data").forEach(each -> vectors.add(Vectors.of(each.path("embedding"))));
    return vectors;
  }

  /** Sends a request and leaves its connection open. */
  private static Socket open(String body) throws Exception {
    URI uri = site.process().uri();
    Socket socket = new Socket(uri.getHost(), uri.getPort());
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /v1/embeddings HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(uri.getAuthority(), PenstockProcess.KEY, bytes.length);
    OutputStream out = socket.getOutputStream();
    out.write(head.getBytes(StandardCharsets.UTF_8));
    out.write(bytes);
    out.flush();
    return socket;
  }
}
