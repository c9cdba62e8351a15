package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Held requests on the packaged program: without a task, and when they become tasks. */
final class DirectAnswersIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String LANE = TinyModel.lane(TinyModel.QUICK);

  /** One run at a time of a model that little work keeps busy. */
  private static final Map<String, String> BUSY = new HashMap<>(TinyModel.settings(TinyModel.SLOW));

  static {
    BUSY.put("INFERENCE_THREADS", "1");
  }

  private static final String RAN = "penstock_batch_sequences_sum";
  private static final String DIRECT = "penstock_runs_direct_total";

  @TempDir Path folder;

  private static FutureTask<Answer> ask(Api api, String body) {
    var request = new FutureTask<>(() -> api.post("/v1/embeddings", body));
    Thread.ofVirtual().start(request);
    return request;
  }

  /** A request that runs without a task; of fewer texts where so many would take too long. */
  private static FutureTask<Answer> begun(Api api, int texts) throws Exception {
    assertThat(texts).as("texts that are taken on at once").isPositive();
    String mark = "request of " + texts;
    double before = api.metric(RAN);
    var held = ask(api, longTexts(mark, texts));
    Await.until("a part of it has run", LIMIT, () -> api.metric(RAN) > before);
    if (found(api, mark) == 0) {
      return held;
    }
    held.get(60, TimeUnit.SECONDS);
    return begun(api, texts / 2);
  }

  /** Tasks whose input has that in it. */
  private static int found(Api api, String words) throws Exception {
    String query = "/v1/tasks?limit=100&q=" + URLEncoder.encode(words, StandardCharsets.UTF_8);
    return api.get(query).json().get("data").size();
  }

  /** Texts of two dozen tokens or so, unlike all others. */
  private static String texts(String mark, int count) {
    return texts(mark, count, 2);
  }

  /** Texts as long as the model reads, unlike all others. */
  private static String longTexts(String mark, int count) {
    return texts(mark, count, 40);
  }

  private static String texts(String mark, int count, int repeats) {
    ObjectNode body = Api.JSON.createObjectNode();
    ArrayNode input = body.putArray("input");
    for (int i = 0; i < count; i++) {
      input.add(mark + " " + i + " the water that drives the turbine comes down".repeat(repeats));
    }
    return body.toString();
  }

  /** The default model is open and the node knows which lanes are paused. */
  private static void awaitDirect(Api api) throws Exception {
    Await.until(
        "it answers without a task",
        LIMIT,
        () -> {
          assertThat(api.post("/v1/embeddings", "{\"input\":\"ready?\"}").status()).isEqualTo(200);
          return api.metric(DIRECT) > 0;
        });
    // The shortest say little of how long others take.
    for (int i = 0; i < 10; i++) {
      assertThat(api.post("/v1/embeddings", texts("warm " + i, 1)).status()).isEqualTo(200);
    }
  }

  @Test
  void nothingIsKeptAndEverythingIsCounted() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      awaitDirect(api);
      double before = api.metric(DIRECT);
      double runs = api.metric("penstock_runs_total");
      for (int i = 0; i < 5; i++) {
        Answer answer = api.post("/v1/embeddings", "{\"input\":[\"a\",\"drop " + i + "\"]}");
        assertThat(answer.json().at("/data/1/embedding")).hasSize(384);
      }
      Await.until("all are counted", LIMIT, () -> api.metric(DIRECT) == before + 5);
      assertThat(api.metric("penstock_runs_total")).isEqualTo(runs + 5);
      assertThat(found(api, "drop")).isZero();
      Await.until(
          "they are in the lane's rates and the worker's figures",
          LIMIT,
          () ->
              api.get("/v1/queues/" + LANE).json().at("/rates/completed_per_second").asDouble() > 0
                  && api.get("/v1/workers").json().at("/data/0/done").asInt() >= before + 5);
    }
  }

  @Test
  void onAPausedLaneTheyWaitAsTasks() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      awaitDirect(api);
      api.post("/v1/queues/" + LANE + "/pause", "");
      var held = ask(api, "{\"input\":\"behind a closed gate\"}");
      Await.until("it is a task", LIMIT, () -> found(api, "closed gate") == 1);
      assertThat(held.isDone()).isFalse();
      api.post("/v1/queues/" + LANE + "/resume", "");
      assertThat(held.get(60, TimeUnit.SECONDS).status()).isEqualTo(200);
    }
  }

  @Test
  void whatASaturatedModelWouldLetWaitIsQueuedAndAllOfItIsAnswered() throws Exception {
    try (var penstock = PenstockProcess.start(folder, BUSY);
        var api = penstock.api()) {
      awaitDirect(api);
      double direct = api.metric(DIRECT);
      List<FutureTask<Answer>> requests = new ArrayList<>();
      for (int i = 0; i < 80; i++) {
        requests.add(ask(api, texts("request " + i, 3)));
      }
      for (FutureTask<Answer> request : requests) {
        assertThat(request.get(120, TimeUnit.SECONDS).status()).isEqualTo(200);
      }
      assertThat(api.metric(DIRECT)).isGreaterThan(direct);
      assertThat(found(api, "request")).isPositive();
    }
  }

  @Test
  void whatIsKnownIsAnsweredWhileTheModelHasNoTime() throws Exception {
    String known = "{\"input\":\"known by heart\"}";
    try (var penstock = PenstockProcess.start(folder, BUSY);
        var api = penstock.api()) {
      awaitDirect(api);
      Answer first = api.post("/v1/embeddings", known);
      List<FutureTask<Answer>> requests = new ArrayList<>();
      for (int i = 0; i < 80; i++) {
        requests.add(ask(api, texts("request " + i, 4)));
      }
      Await.until("some wait", LIMIT, () -> found(api, "request") > 0);
      var unknown = ask(api, "{\"input\":\"nobody knows\"}");
      requests.add(unknown);
      Await.until("what is unknown waits too", LIMIT, () -> found(api, "nobody") == 1);

      Answer again = api.post("/v1/embeddings", known);
      assertThat(unknown.isDone()).as("the model had time all along").isFalse();
      assertThat(again.json()).isEqualTo(first.json());
      assertThat(found(api, "heart")).isZero();
      for (FutureTask<Answer> request : requests) {
        assertThat(request.get(120, TimeUnit.SECONDS).status()).isEqualTo(200);
      }
    }
  }

  @Test
  void aNodeThatStopsAnswersThemFirst() throws Exception {
    try (var penstock = PenstockProcess.start(folder, BUSY);
        var api = penstock.api()) {
      awaitDirect(api);
      var held = begun(api, 12);
      penstock.terminate(LIMIT);
      Answer answer = held.get(60, TimeUnit.SECONDS);
      assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
    }
  }

  @Test
  void aDrainedNodeLeavesThemToOthersAsTasks() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of("HTTP_SYNC_TIMEOUT", "2s"));
        var api = penstock.api()) {
      awaitDirect(api);
      String node = api.get("/v1/workers").json().at("/data/0/id").asText();
      assertThat(api.post("/v1/workers/" + node + "/drain", "").status()).isEqualTo(202);
      Await.until(
          "it drains",
          LIMIT,
          () -> api.get("/v1/workers").json().at("/data/0/draining").asBoolean());
      Answer answer = api.post("/v1/embeddings", "{\"input\":\"nobody is left\"}");
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.json().at("/error/code").asText()).isEqualTo("task_pending");
      assertThat(found(api, "nobody")).isEqualTo(1);
    }
  }
}
