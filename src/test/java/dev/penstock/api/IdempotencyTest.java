package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdempotencyTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final TaskOutput ECHO = ScriptedDispatcher.json(new byte[] {'{', '}'});
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return server.post(path, body, "Idempotency-Key", "order-7");
  }

  @Test
  void theSameSubmitAgainMeansTheSameTask() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var first = post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":1,\"m\":2}}");
    assertThat(first.statusCode()).isEqualTo(202);
    assertThat(header(first, "Idempotent-Replayed")).isEqualTo("(absent)");
    var again = post("/v1/tasks", "{ \"input\":{\"m\":2.0,\"n\":1e0}, \"type\":\"ping\"}");
    assertThat(again.statusCode()).isEqualTo(202);
    assertThat(header(again, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(header(again, "Location")).isEqualTo(header(first, "Location"));

    server.dispatcher.end(
        new TaskId(json(first).get("id").asText()), TaskState.COMPLETED, ECHO, null);
    var ended = post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":1,\"m\":2}}");
    assertThat(ended.statusCode()).isEqualTo(200);
    assertThat(json(ended).at("/result/worker").asText()).isEqualTo("w");
    assertThat(server.dispatcher.tasks).hasSize(1);
  }

  @Test
  void howLongSomebodyWaitsIsNoPartOfWhatHeAsksFor() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var first = post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":0.1}");
    for (String again :
        new String[] {
          "{\"type\":\"ping\"}",
          "{\"type\":\"ping\",\"wait_seconds\":0.2}",
          "{\"type\":\"ping\",\"wait_seconds\":null}"
        }) {
      var reply = post("/v1/tasks", again);
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(202);
      assertThat(header(reply, "X-Task-Id")).isEqualTo(header(first, "X-Task-Id"));
    }
    assertThat(server.dispatcher.tasks).hasSize(1);
  }

  @Test
  void howVectorsAreWrittenIsNoPartOfWhichOnesAreMeant() throws Exception {
    var first = post("/v1/embeddings", "{\"input\":\"a\",\"encoding_format\":\"base64\"}");
    var again = post("/v1/embeddings", "{\"input\":\"a\",\"wait_seconds\":5}");
    assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
    assertThat(header(again, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(json(first).at("/data/0/embedding").isTextual()).isTrue();
    assertThat(json(again).at("/data/0/embedding").isArray()).isTrue();
    assertThat(post("/v1/embeddings", "{\"input\":\"b\"}").statusCode()).isEqualTo(409);
  }

  @Test
  void aKeyWhoseTaskFailedSaysSoAndHowToGoOn() throws Exception {
    server.dispatcher.script =
        _ ->
            new Script.End(
                TaskState.FAILED, null, new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw"));
    post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":5}");
    var again = post("/v1/tasks", "{\"type\":\"ping\"}");
    String id = server.submitted().id().value();
    assertThat(again.statusCode()).isEqualTo(200);
    assertThat(json(again).get("status").asText()).isEqualTo("failed");
    assertThat(json(again).get("hint").asText())
        .contains("failed", "POST /v1/tasks/" + id + "/retry", "another key");
    var listed = server.post("/v1/tasks", "[{\"type\":\"ping\"}]", "Idempotency-Key", "list");
    assertThat(json(listed).at("/data/0").has("hint")).isFalse();
    var listedAgain = server.post("/v1/tasks", "[{\"type\":\"ping\"}]", "Idempotency-Key", "list");
    assertThat(json(listedAgain).at("/data/0/hint").asText()).contains("/retry");
  }

  @Test
  void aKeyWhoseEmbeddingFailedSaysSoAndHowToGoOn() throws Exception {
    server.dispatcher.script =
        _ ->
            new Script.End(
                TaskState.FAILED, null, new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw"));
    var first = post("/v1/embeddings", "{\"input\":\"a\"}");
    assertThat(error(first).get("message").asText()).isEqualTo("it threw");
    var again = post("/v1/embeddings", "{\"input\":\"a\"}");
    String id = server.submitted().id().value();
    assertThat(again.statusCode()).isEqualTo(500);
    assertThat(json(again).get("id").asText()).isEqualTo(id);
    assertThat(error(again).get("message").asText())
        .contains("it threw", "POST /v1/tasks/" + id + "/retry", "another key");
  }

  @Test
  void aRepeatedSubmitWaitsForTheEarlierTask() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var first = waiting();
    Await.until("the task is there", LIMIT, () -> server.dispatcher.tasks.size() == 1);
    int reads = server.dispatcher.briefReads.get();
    var second = waiting();
    // Whoever follows an earlier task looks for its end once.
    Await.until("it is waited for", LIMIT, () -> server.dispatcher.briefReads.get() > reads);
    server.dispatcher.end(server.submitted().id(), TaskState.COMPLETED, ECHO, null);
    assertThat(header(first.get(20, TimeUnit.SECONDS), "Idempotent-Replayed"))
        .isEqualTo("(absent)");
    assertThat(second.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(header(second.get(), "Idempotent-Replayed")).isEqualTo("true");
  }

  private FutureTask<HttpResponse<String>> waiting() {
    var request =
        new FutureTask<>(() -> post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":20}"));
    Thread.ofVirtual().start(request);
    return request;
  }

  @Test
  void otherContentUnderTheSameKeyIsAConflict() throws Exception {
    post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":1}}");
    var other = post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":2}}");
    assertThat(other.statusCode()).isEqualTo(409);
    assertThat(error(other).get("code").asText()).isEqualTo("idempotency_conflict");
    assertThat(header(other, "x-should-retry")).isEqualTo("false");
    var elsewhere = post("/v1/embeddings", "{\"input\":\"a\"}");
    assertThat(elsewhere.statusCode()).isEqualTo(409);
    var without = server.post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":2}}");
    assertThat(without.statusCode()).isEqualTo(202);
  }

  @Test
  void eachTaskOfAListHasItsPlaceInTheKey() throws Exception {
    String list =
        "[{\"type\":\"ping\",\"input\":{\"n\":1}},{\"type\":\"ping\",\"input\":{\"n\":1}}]";
    var first = post("/v1/tasks", list);
    assertThat(json(first).at("/data/0/id")).isNotEqualTo(json(first).at("/data/1/id"));
    var again = post("/v1/tasks", list);
    assertThat(again.statusCode()).isEqualTo(202);
    assertThat(header(again, "Idempotent-Replayed")).isEqualTo("true");
    for (int i = 0; i < 2; i++) {
      assertThat(json(again).at("/data/" + i + "/id"))
          .isEqualTo(json(first).at("/data/" + i + "/id"));
    }
    assertThat(json(again).at("/data/0").has("result")).isFalse();
    var changed =
        post("/v1/tasks", "[{\"type\":\"ping\",\"input\":{\"n\":1}},{\"type\":\"ping\"}]");
    assertThat(json(changed).at("/data/1/error/code").asText()).isEqualTo("idempotency_conflict");
  }

  @Test
  void noKeyOfAClientMeansATaskOfAList() throws Exception {
    post("/v1/tasks", "[{\"type\":\"ping\",\"input\":{\"n\":1}}]");
    var single =
        server.post(
            "/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":2}}", "Idempotency-Key", "order-7/0");
    assertThat(single.statusCode()).isEqualTo(202);
    var spaced = server.post("/v1/tasks", "{\"type\":\"ping\"}", "Idempotency-Key", "order-7 0");
    assertThat(spaced.statusCode()).isEqualTo(400);
  }

  @Test
  void anEmbeddingIsGivenAgainInItsForm() throws Exception {
    String body = "{\"input\":\"a\",\"dimensions\":2,\"encoding_format\":\"base64\"}";
    var first = post("/v1/embeddings", body);
    var again = post("/v1/embeddings", body);
    assertThat(again.statusCode()).isEqualTo(200);
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(header(again, "Idempotent-Replayed")).isEqualTo("true");
    assertThat(header(again, "x-queue-ms")).isEqualTo("0.000");
    assertThat(header(again, "x-inference-ms")).isEqualTo("0.000");
    assertThat(server.submitted().retention().completed())
        .as("kept as long as a task, for the key is")
        .isEqualTo(server.settings.task().ttl());
    var result = server.get("/v1/tasks/" + server.submitted().id() + "/result");
    assertThat(result.body()).isEqualTo(first.body());
  }
}
