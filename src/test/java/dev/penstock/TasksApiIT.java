package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The task API on the program as it is shipped. */
final class TasksApiIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String LONG_PING = "{\"type\":\"ping\",\"input\":{\"sleep_ms\":300000}}";
  private static final String TEXT = "Water finds its way down the hill and into the valley";

  @TempDir static Path folder;
  private static PenstockProcess penstock;
  private static Api api;

  @BeforeAll
  static void start() throws Exception {
    penstock = PenstockProcess.start(folder, Map.of());
    api = penstock.api();
  }

  @AfterAll
  static void stop() throws Exception {
    api.close();
    penstock.close();
  }

  @AfterEach
  void tidy() throws Exception {
    api.post("/v1/queues/ping/resume", "");
    api.post("/v1/tasks/cancel", "{\"all\":true}");
  }

  private static String submit(String body) throws Exception {
    Answer answer = api.post("/v1/tasks", body);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
    return answer.json().get("id").asText();
  }

  private static String status(String id) throws Exception {
    return api.get("/v1/tasks/" + id).json().path("status").asText();
  }

  private static void await(String id, String status) throws Exception {
    Await.until(id + " is " + status, LIMIT, () -> status(id).equals(status));
  }

  private static String texts(int count, String mark) {
    return IntStream.range(0, count)
        .mapToObj(i -> "\"" + mark + i + " " + TEXT + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  @Test
  void aScheduledTaskIsCancelledAndRunsAtItsTimeWhenRetried() throws Exception {
    String id = submit("{\"type\":\"ping\",\"delay_seconds\":8}");
    double at = api.get("/v1/tasks/" + id).json().get("run_at").asDouble();
    Answer cancelled = api.post("/v1/tasks/" + id + "/cancel", "");
    assertThat(cancelled.status()).isEqualTo(200);
    assertThat(cancelled.json().get("status").asText()).isEqualTo("cancelled");
    assertThat(api.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
    assertThat(api.get("/v1/tasks/" + id + "/result").json().at("/error/code").asText())
        .isEqualTo("task_cancelled");
    Answer retried = api.post("/v1/tasks/" + id + "/retry", "");
    assertThat(retried.status()).isEqualTo(200);
    assertThat(retried.json().get("status").asText()).isEqualTo("pending");
    assertThat(retried.json().get("run_at").asDouble()).isEqualTo(at);
    await(id, "completed");
    assertThat(api.get("/v1/tasks/" + id).json().get("started_at").asDouble())
        .isGreaterThanOrEqualTo(at);
    assertThat(IntStream.range(0, 2).mapToObj(i -> kind(id, i)).toList())
        .isEqualTo(List.of("cancelled", "retried"));
    assertThat(api.post("/v1/tasks/" + id + "/cancel", "").json().at("/error/code").asText())
        .isEqualTo("task_ended");
    assertThat(api.post("/v1/tasks/" + id + "/retry", "").json().at("/error/code").asText())
        .isEqualTo("task_not_failed");
  }

  private static String kind(String id, int step) {
    try {
      return api.get("/v1/tasks/" + id).json().at("/steps/" + step + "/kind").asText();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aRunningTaskIsCancelled() throws Exception {
    String id = submit(LONG_PING);
    await(id, "processing");
    assertThat(api.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
    assertThat(status(id)).isEqualTo("cancelled");
    Await.until(
        "its run has stopped",
        LIMIT,
        () -> api.get("/v1/workers").json().at("/data/0/running").asInt() == 0);
    assertThat(status(id)).as("still").isEqualTo("cancelled");
  }

  @Test
  void cancellingALargeEmbeddingFreesItsModel() throws Exception {
    String model = "\"model\":\"" + TinyModel.SLOW + "\",";
    String id =
        submit(
            "{\"type\":\"embedding\",\"priority\":10,"
                + model
                + "\"input\":"
                + texts(2_000, "large ")
                + "}");
    await(id, "processing");
    assertThat(api.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
    long began = System.nanoTime();
    Answer next = api.post("/v1/embeddings", "{" + model + "\"input\":\"after the large one\"}");
    assertThat(next.status()).isEqualTo(200);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
    assertThat(status(id)).isEqualTo("cancelled");
  }

  @Test
  void manyAreCancelledAndRetriedByAFilter() throws Exception {
    for (int i = 0; i < 5; i++) {
      submit("{\"type\":\"ping\",\"delay_seconds\":12,\"metadata\":{\"job\":\"filtered\"}}");
    }
    Answer cancelled = api.post("/v1/tasks/cancel", "{\"q\":\"filtered\",\"status\":\"pending\"}");
    assertThat(cancelled.raw().body())
        .isEqualTo("{\"object\":\"tasks.cancelled\",\"count\":5,\"has_more\":false}");
    Answer retried = api.post("/v1/tasks/retry", "{\"q\":\"filtered\"}");
    assertThat(retried.json().get("count").asInt()).isEqualTo(5);
    Await.until(
        "all ran",
        LIMIT,
        () -> api.get("/v1/tasks?q=filtered&status=completed").json().get("data").size() == 5);
  }

  @Test
  void aListIsFilteredAndPaged() throws Exception {
    for (int i = 0; i < 5; i++) {
      submit("{\"type\":\"ping\",\"metadata\":{\"job\":\"paged\"}}");
    }
    JsonNode page = api.get("/v1/tasks?q=paged&limit=3").json();
    assertThat(page.get("data")).hasSize(3);
    assertThat(page.get("has_more").asBoolean()).isTrue();
    String last = page.at("/data/2/id").asText();
    JsonNode rest = api.get("/v1/tasks?q=paged&limit=3&after=" + last).json();
    assertThat(rest.get("data")).hasSize(2);
    assertThat(rest.get("has_more").asBoolean()).isFalse();
    assertThat(rest.at("/data/0/id").asText()).isLessThan(last);
    assertThat(api.get("/v1/tasks?q=paged&type=embedding").json().get("data")).isEmpty();
  }

  @Test
  void aSubmitUnderTheSameKeyIsOneTaskOverARestart() throws Exception {
    String key = UUID.randomUUID().toString();
    String body = "{\"type\":\"ping\",\"input\":{\"n\":1}}";
    Answer first = api.post("/v1/tasks", body, "Idempotency-Key", key);
    await(first.json().get("id").asText(), "completed");
    assertThat(penstock.terminate(Duration.ofSeconds(60))).isZero();
    penstock.restart();
    Answer again = api.post("/v1/tasks", body, "Idempotency-Key", key);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.json().get("id")).isEqualTo(first.json().get("id"));
    assertThat(again.raw().headers().firstValue("Idempotent-Replayed")).contains("true");
    Answer other = api.post("/v1/tasks", "{\"type\":\"ping\"}", "Idempotency-Key", key);
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.json().at("/error/code").asText()).isEqualTo("idempotency_conflict");
  }

  @Test
  void eventsLeadToTheEndWithProgressOnTheWay() throws Exception {
    String id = submit("{\"type\":\"ping\",\"input\":{\"sleep_ms\":4000,\"steps\":4}}");
    try (Socket socket = open("GET", "/v1/tasks/" + id + "/events", "")) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      var lines =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
              .lines()
              .toList();
      assertThat(lines.getFirst()).contains("200");
      assertThat(lines).contains("event: progress");
      assertThat(lines.stream().filter(line -> line.startsWith("data: ")).toList().getLast())
          .contains("\"status\":\"completed\"")
          .doesNotContain("\"result\"");
    }
  }

  /** Sends a request, after whose answer the server closes, and leaves the answer unread. */
  private static Socket open(String method, String path, String body) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), penstock.uri().getPort());
    String request =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer "
            + PenstockProcess.KEY
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void aPausedQueueHoldsItsTasksUntilItIsResumedOrPurged() throws Exception {
    assertThat(api.post("/v1/queues/ping/pause", "").json().get("paused").asBoolean()).isTrue();
    String held = submit("{\"type\":\"ping\"}");
    Await.until("it is counted", LIMIT, () -> queue("ping").get("depth").asInt() == 1);
    assertThat(queue("ping").get("paused").asBoolean()).isTrue();
    assertThat(status(held)).isEqualTo("pending");
    assertThat(api.post("/v1/queues/ping/purge", "").json().get("count").asInt()).isEqualTo(1);
    assertThat(status(held)).isEqualTo("cancelled");
    String next = submit("{\"type\":\"ping\"}");
    api.post("/v1/queues/ping/resume", "");
    await(next, "completed");
  }

  private static JsonNode worker() throws Exception {
    return api.get("/v1/workers").json().at("/data/0");
  }

  private static JsonNode queue(String lane) throws Exception {
    return api.get("/v1/queues/" + lane).json();
  }

  @Test
  void queuesAndWorkersSayWhatHappened() throws Exception {
    Answer done = api.post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":30}");
    assertThat(done.status()).isEqualTo(200);
    Await.until(
        "the rate is there",
        LIMIT,
        () -> queue("ping").at("/rates/completed_per_second").asDouble() > 0);
    assertThat(queue("ping").get("consumers").asInt()).isEqualTo(1);
    Await.until("the worker announced it", LIMIT, () -> worker().get("done").asInt() > 0);
    JsonNode worker = worker();
    assertThat(worker.get("id")).isEqualTo(done.json().get("worker"));
    assertThat(worker.get("device").asText()).isNotEmpty();
    assertThat(worker.get("memory_bytes").asLong()).isPositive();
    assertThat(worker.get("lanes").toString()).contains("\"ping\"");
    assertThat(api.get("/v1/queues/mining").status()).isEqualTo(404);
  }

  @Test
  void equalHeldRequestsAreOneTask() throws Exception {
    // While a lane is paused, requests for it are tasks.
    String pauses = "/v1/queues/" + TinyModel.lane(TinyModel.QUICK) + "/";
    api.post(pauses + "pause", "");
    String input = texts(300, "equal ");
    var first = ask("{\"input\":" + input + "}");
    var second = ask("{\"dimensions\":8,\"input\":" + input + "}");
    String query = "/v1/tasks?type=embedding&q=equal%200";
    Await.until("a task is there", LIMIT, () -> !api.get(query).json().get("data").isEmpty());
    api.post(pauses + "resume", "");
    assertThat(first.get(120, TimeUnit.SECONDS).json().at("/data/0/embedding")).hasSize(384);
    assertThat(second.get(120, TimeUnit.SECONDS).json().at("/data/0/embedding")).hasSize(8);
    assertThat(api.get(query).json().get("data")).hasSize(1);
  }

  private static FutureTask<Answer> ask(String body) {
    var request = new FutureTask<>(() -> api.post("/v1/embeddings", body));
    Thread.ofVirtual().start(request);
    return request;
  }

  @Test
  void workIsDroppedOnceNobodyWaitsForIt() throws Exception {
    String lane = TinyModel.lane(TinyModel.QUICK);
    api.post("/v1/queues/" + lane + "/pause", "");
    try {
      Socket client = open("POST", "/v1/embeddings", "{\"input\":\"dropped by its client\"}");
      String query = "/v1/tasks?type=embedding&q=dropped%20by";
      Await.until("it is there", LIMIT, () -> api.get(query).json().get("data").size() == 1);
      client.close();
      Await.until(
          "it is cancelled",
          Duration.ofSeconds(20),
          () -> api.get(query).json().at("/data/0/status").asText().equals("cancelled"));
    } finally {
      api.post("/v1/queues/" + lane + "/resume", "");
    }
  }

  @Test
  void thePlainRoutesWork() throws Exception {
    Answer submitted = api.post("/api/v1/embedding/", "{\"text\":\"Water\"}");
    String id = submitted.json().get("task_id").asText();
    Await.until(
        "its vector is there",
        LIMIT,
        () -> api.get("/api/v1/embedding/" + id).json().at("/result/0").size() == 384);
  }
}
