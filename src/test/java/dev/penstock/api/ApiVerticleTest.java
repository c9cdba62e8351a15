package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.core.Part;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiVerticleTest {
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        new TestServer(
            Map.of(
                "http.sync-timeout", "2s",
                "http.max-held-requests", "2",
                "shutdown.timeout", "1s"));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private TaskSpec submitted() {
    return server.submitted();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void anEmbeddingIsAnsweredInOpenAisShape() throws Exception {
    var reply =
        server.post(
            "/v1/embeddings", "{\"input\":[\"a\",\"b\"],\"model\":\"text-embedding-3-small\"}");
    assertThat(reply.statusCode()).isEqualTo(200);
    JsonNode body = json(reply);
    assertThat(body.get("object").asText()).isEqualTo("list");
    assertThat(body.get("model").asText()).isEqualTo("all-minilm-l6-v2");
    assertThat(body.get("data")).hasSize(2);
    assertThat(body.at("/data/1/index").asInt()).isEqualTo(1);
    assertThat(body.at("/data/1/embedding")).hasSize(384);
    assertThat(body.at("/usage/prompt_tokens").asInt()).isEqualTo(6);
    assertThat(header(reply, "x-queue-ms")).isEqualTo("2.000");
    assertThat(header(reply, "x-inference-ms")).isEqualTo("5.000");
    assertThat(header(reply, "x-total-ms")).matches("\\d+\\.\\d{3}");
    assertThat(header(reply, "x-truncated")).isEqualTo("(absent)");
    assertThat(header(reply, "X-Content-Type-Options")).isEqualTo("nosniff");
    TaskSpec spec = submitted();
    assertThat(spec.lane().name()).isEqualTo("embedding.all-minilm-l6-v2");
    assertThat(spec.priority()).isEqualTo(Priority.HELD);
    assertThat(spec.retention().completed()).isEqualTo(server.settings.syncTtl());
  }

  @Test
  void base64HoldsTheSameVectorAsFloats() throws Exception {
    var floats = json(server.post("/v1/embeddings", "{\"input\":\"a\"}")).at("/data/0/embedding");
    var text =
        json(server.post("/v1/embeddings", "{\"input\":\"a\",\"encoding_format\":\"base64\"}"))
            .at("/data/0/embedding")
            .asText();
    var buffer =
        ByteBuffer.wrap(Base64.getDecoder().decode(text))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    assertThat(buffer.remaining()).isEqualTo(384);
    for (int i = 0; i < 384; i++) {
      assertThat(buffer.get(i)).isEqualTo(floats.get(i).floatValue());
    }
  }

  @Test
  void fewerDimensionsAreAUnitVectorAgain() throws Exception {
    for (String format : new String[] {"float", "base64"}) {
      var reply =
          server.post(
              "/v1/embeddings",
              "{\"input\":[[1,2]],\"dimensions\":2,\"encoding_format\":\"" + format + "\"}");
      JsonNode vector = json(reply).at("/data/0/embedding");
      double first;
      double second;
      if (vector.isArray()) {
        assertThat(vector).hasSize(2);
        first = vector.get(0).asDouble();
        second = vector.get(1).asDouble();
      } else {
        var buffer =
            ByteBuffer.wrap(Base64.getDecoder().decode(vector.asText()))
                .order(ByteOrder.LITTLE_ENDIAN);
        first = buffer.getFloat();
        second = buffer.getFloat();
      }
      assertThat(first).isCloseTo(1 / Math.sqrt(5), within(1e-6));
      assertThat(second).isCloseTo(2 / Math.sqrt(5), within(1e-6));
    }
  }

  @Test
  void whoPrefersAnIdGetsOneAndTheResultLater() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var reply =
        server.post(
            "/v1/embeddings", "{\"input\":\"a\",\"dimensions\":3}", "Prefer", "respond-async");
    assertThat(reply.statusCode()).isEqualTo(202);
    String id = json(reply).get("id").asText();
    assertThat(json(reply).get("status").asText()).isEqualTo("pending");
    assertThat(header(reply, "Location")).isEqualTo("/v1/tasks/" + id);
    assertThat(header(reply, "X-Task-Id")).isEqualTo(id);
    assertThat(header(reply, "Preference-Applied")).isEqualTo("respond-async");
    assertThat(submitted().retention().completed()).isEqualTo(server.settings.task().ttl());

    var early = server.get("/v1/tasks/" + id + "/result");
    assertThat(early.statusCode()).isEqualTo(409);
    assertThat(error(early).get("code").asText()).isEqualTo("task_pending");
    assertThat(header(early, "Retry-After")).isEqualTo("1");
  }

  @Test
  void waitSecondsHoldsTheRequestUntilTheTaskEnds() throws Exception {
    var reply = server.post("/v1/embeddings", "{\"input\":\"a\",\"wait_seconds\":20}");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(json(reply).at("/data/0/embedding")).hasSize(384);
  }

  @Test
  void aRequestHeldTooLongIsToldTheTasksId() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var reply = server.post("/v1/embeddings", "{\"input\":\"a\"}");
    assertThat(reply.statusCode()).isEqualTo(503);
    assertThat(error(reply).get("code").asText()).isEqualTo("task_pending");
    assertThat(json(reply).get("id").asText()).isEqualTo(submitted().id().value());
    assertThat(header(reply, "Retry-After")).isEqualTo("1");
  }

  @Test
  void anEndNobodyHeardOfIsFoundByLooking() throws Exception {
    server.dispatcher.script = _ -> new Script.EndUnheard(ScriptedDispatcher.vectors(1));
    var reply = server.post("/v1/embeddings", "{\"input\":\"a\",\"wait_seconds\":20}");
    assertThat(reply.statusCode()).isEqualTo(200);
  }

  @Test
  void aFailedTasksErrorIsTheAnswer() throws Exception {
    server.dispatcher.script =
        _ ->
            new Script.End(
                TaskState.FAILED,
                null,
                new TaskError(TaskError.Code.CONTEXT_LENGTH_EXCEEDED, "too long"));
    var reply = server.post("/v1/embeddings", "{\"input\":\"a\"}");
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(error(reply).get("code").asText()).isEqualTo("context_length_exceeded");
    assertThat(error(reply).get("param").asText()).isEqualTo("input");
    assertThat(header(reply, "x-should-retry")).isEqualTo("false");
  }

  @Test
  void aRefusedSubmitIsNoAcceptedTask() throws Exception {
    server.dispatcher.script =
        _ -> new Script.Refuse(new TaskError(TaskError.Code.OVERLOADED, "full"));
    for (String path : new String[] {"/v1/embeddings", "/v1/tasks"}) {
      var reply = server.post(path, "{\"type\":\"embedding\",\"input\":\"a\"}");
      assertThat(reply.statusCode()).isEqualTo(503);
      assertThat(error(reply).get("code").asText()).isEqualTo("overloaded");
      assertThat(header(reply, "Retry-After")).isEqualTo("1");
    }
  }

  @Test
  void aBugIsAnsweredWithoutItsDetails() throws Exception {
    server.dispatcher.script = _ -> new Script.Break();
    var reply = server.post("/v1/tasks", "{\"type\":\"ping\"}", "X-Request-Id", "my-request.1");
    assertThat(reply.statusCode()).isEqualTo(500);
    assertThat(error(reply).get("code").asText()).isEqualTo("internal_error");
    assertThat(reply.body()).doesNotContain("secret").doesNotContain("Exception");
    assertThat(header(reply, "X-Request-Id")).isEqualTo("my-request.1");
  }

  @Test
  void moreHeldRequestsThanAllowedAreRefused() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    String body = "{\"input\":\"a\"}";
    try (var first = hold("b", "");
        var second = hold("c", "")) {
      await(() -> server.dispatcher.tasks.size() == 2);
      var third = server.post("/v1/embeddings", body);
      assertThat(third.statusCode()).isEqualTo(503);
      assertThat(error(third).get("code").asText()).isEqualTo("overloaded");
      assertThat(first.isClosed() || second.isClosed()).isFalse();
    }
  }

  @Test
  void aClientThatLeavesGivesItsPlaceFreeAtOnce() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    hold("b", ",\"wait_seconds\":30").close();
    hold("c", ",\"wait_seconds\":30").close();
    await(() -> {
      try {
        return server.post("/v1/embeddings", "{\"input\":\"a\",\"wait_seconds\":0.1}").statusCode()
            == 202;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.1", "1.0"})
  void aClientThatHasClosedItsHalfGetsItsAnswerAndNothingElse(String version) throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    String body = "{\"input\":\"b\",\"wait_seconds\":30}";
    String request =
        ("POST /v1/embeddings HTTP/%s\r\nHost: test\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s")
            .formatted(version, TestServer.KEY, body.length(), body);
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      await(() -> server.dispatcher.tasks.size() == 1);
      // It takes longer than it takes to see who has gone.
      byte[] start = socket.getInputStream().readNBytes(3);
      TaskId id = server.submitted().id();
      server.dispatcher.end(id, TaskState.COMPLETED, ScriptedDispatcher.vectors(1), null);
      byte[] rest = socket.getInputStream().readAllBytes();
      String answer =
          new String(start, StandardCharsets.US_ASCII) + new String(rest, StandardCharsets.UTF_8);
      assertThat(answer)
          .startsWith("HTTP/" + version + " 200 OK\r\n")
          .contains("\"embedding\"")
          .containsOnlyOnce("HTTP/1.");
    }
  }

  @Test
  void whatCameBeforeAClientClosedItsHalfIsAnswered() throws Exception {
    String request = "GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n";
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.repeat(3).getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answers.split("HTTP/1.1 200 OK", -1)).as("three answers, and the end").hasSize(4);
    }
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(20_000);
      socket.shutdownOutput();
      assertThat(socket.getInputStream().read()).as("nothing was asked").isEqualTo(-1);
    }
  }

  /** Holds a request for that text, once it has been submitted. */
  private Socket hold(String text, String options) throws Exception {
    int before = server.dispatcher.tasks.size();
    Socket socket = server.hold("{\"input\":\"" + text + "\"" + options + "}");
    await(() -> server.dispatcher.tasks.size() > before);
    return socket;
  }

  @Test
  void aClientThatAsksFirstIsToldToGoOn() throws Exception {
    String body = "{\"input\":\"a\"}";
    String head =
        "POST /v1/embeddings HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            + "Expect: 100-continue\r\nAuthorization: Bearer "
            + TestServer.KEY
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n";
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      byte[] told = socket.getInputStream().readNBytes("HTTP/1.1 100".length());
      assertThat(new String(told, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 100");
    }
  }

  @Test
  void aTaskIsAcceptedAndItsResultFetched() throws Exception {
    var reply =
        server.post(
            "/v1/tasks",
            "{\"type\":\"ping\",\"input\":{\"n\":7},\"metadata\":{\"a\":\"<b>\"},\"max_attempts\":5,"
                + "\"timeout_seconds\":1.5,\"ttl_seconds\":60,\"priority\":9}");
    assertThat(reply.statusCode()).isEqualTo(202);
    String id = json(reply).get("id").asText();
    assertThat(header(reply, "Location")).isEqualTo("/v1/tasks/" + id);
    TaskSpec spec = submitted();
    assertThat(spec.maxAttempts()).isEqualTo(5);
    assertThat(spec.timeout()).isEqualTo(Duration.ofMillis(1_500));
    assertThat(spec.retention().completed()).isEqualTo(Duration.ofSeconds(60));
    assertThat(spec.priority().value()).isEqualTo(9);

    for (String prefix : new String[] {"/v1/tasks/", "/tasks/"}) {
      JsonNode task = json(server.get(prefix + id));
      assertThat(task.get("object").asText()).isEqualTo("task");
      assertThat(task.get("status").asText()).isEqualTo("completed");
      assertThat(task.get("created_at").decimalValue().toPlainString()).isEqualTo("1763780000.123");
      assertThat(task.get("queue_ms").asLong()).isEqualTo(2);
      assertThat(task.get("run_ms").asLong()).isEqualTo(5);
      assertThat(task.at("/metadata/a").asText()).isEqualTo("<b>");
      assertThat(task.at("/result/echo/n").asInt()).isEqualTo(7);
      assertThat(task.has("error")).isFalse();
      assertThat(task.has("model")).isFalse();
      var result = server.get(prefix + id + "/result");
      assertThat(json(result).at("/echo/n").asInt()).isEqualTo(7);
      assertThat(header(result, "X-Task-Id")).isEqualTo(id);
    }
  }

  @Test
  void anEmbeddingTasksResultIsRenderedAsItsInputSays() throws Exception {
    var reply =
        server.post(
            "/v1/tasks",
            "{\"type\":\"embedding\",\"input\":{\"input\":[\"a\"],\"dimensions\":2,"
                + "\"encoding_format\":\"base64\"},\"wait_seconds\":20}");
    assertThat(reply.statusCode()).isEqualTo(200);
    String vector = json(reply).at("/result/data/0/embedding").asText();
    assertThat(Base64.getDecoder().decode(vector)).hasSize(8);
    var result = server.get("/v1/tasks/" + json(reply).get("id").asText() + "/result");
    assertThat(json(result)).isEqualTo(json(reply).get("result"));
  }

  @Test
  void aTaskThatIsAcceptedIsToldAsItIsStored() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    JsonNode accepted = json(server.post("/v1/tasks", "{\"type\":\"ping\"}"));
    JsonNode stored = json(server.get("/v1/tasks/" + accepted.get("id").asText()));
    assertThat(accepted.get("created_at")).isEqualTo(stored.get("created_at"));
  }

  @Test
  void aListIsAcceptedTaskByTaskInOrder() throws Exception {
    var reply =
        server.post(
            "/v1/tasks",
            "[{\"type\":\"ping\",\"input\":{\"n\":1}},{\"type\":\"mining\"},{\"type\":\"ping\",\"delay_seconds\":60}]");
    assertThat(reply.statusCode()).isEqualTo(202);
    JsonNode data = json(reply).get("data");
    assertThat(data).hasSize(3);
    assertThat(data.at("/0/status").asText()).isEqualTo("pending");
    assertThat(data.at("/0/created_at").decimalValue().toPlainString()).isEqualTo("1763780000.123");
    assertThat(data.at("/0/priority").asInt()).isEqualTo(3);
    assertThat(data.at("/1/error/param").asText()).isEqualTo("type");
    assertThat(data.at("/2/object").asText()).isEqualTo("task");
    assertThat(server.dispatcher.tasks).hasSize(2);
  }

  @Test
  void anotherOwnersTaskIsUnknown() throws Exception {
    String id = json(server.post("/v1/tasks", "{\"type\":\"ping\"}")).get("id").asText();
    server.dispatcher.tasks.replaceAll(
        (_, task) -> ScriptedDispatcher.ofOwner("somebody else", task));
    assertThat(server.get("/v1/tasks/" + id).statusCode()).isEqualTo(404);
    assertThat(server.get("/v1/tasks/" + id + "/result").statusCode()).isEqualTo(404);
  }

  @Test
  void aFailedTaskHasNoResult() throws Exception {
    server.dispatcher.script =
        _ ->
            new Script.End(
                TaskState.FAILED, null, new TaskError(TaskError.Code.HANDLER_FAILED, "it broke"));
    String id = json(server.post("/v1/tasks", "{\"type\":\"ping\"}")).get("id").asText();
    var reply = server.get("/v1/tasks/" + id + "/result");
    assertThat(reply.statusCode()).isEqualTo(409);
    assertThat(error(reply).get("code").asText()).isEqualTo("task_failed");
    assertThat(error(reply).get("message").asText()).contains("it broke");
    assertThat(json(server.get("/v1/tasks/" + id)).at("/error/code").asText())
        .isEqualTo("handler_failed");
  }

  @Test
  void modelsAreFoundByNameAndByAliasWithASlash() throws Exception {
    JsonNode all = json(server.get("/v1/models"));
    assertThat(all.at("/data/0/id").asText()).isEqualTo("all-minilm-l6-v2");
    for (String id :
        new String[] {
          "all-minilm-l6-v2",
          "text-embedding-3-small",
          "sentence-transformers/all-MiniLM-L6-v2",
          "sentence-transformers%2Fall-MiniLM-L6-v2"
        }) {
      assertThat(json(server.get("/v1/models/" + id)).get("id").asText())
          .isEqualTo("all-minilm-l6-v2");
    }
  }

  @Test
  void healthNamesEachPart() throws Exception {
    assertThat(server.get("/health").body()).isEqualTo("{\"status\":\"ok\"}");
    assertThat(server.get("/health/live").statusCode()).isEqualTo(200);
    JsonNode ready = json(server.get("/health/ready"));
    assertThat(ready.at("/parts/0/name").asText()).isEqualTo("http");
    assertThat(ready.at("/parts/1/name").asText()).isEqualTo("queue");
    assertThat(ready.at("/parts/2/name").asText()).isEqualTo("models");
  }

  @Test
  void aFullStoreIsDegradedAndItsReasonIsForWhoHasAKey() throws Exception {
    server.serve(
        ReadDispatchHealth.class,
        _ -> List.of(Part.degraded("store", "7 of 8 bytes"), new Part("queue", true, "ok")));
    var told = server.get("/health/ready");
    assertThat(told.statusCode()).isEqualTo(200);
    assertThat(json(told).get("status").asText()).isEqualTo("degraded");
    assertThat(json(told).at("/parts/1/degraded").asBoolean()).isTrue();
    assertThat(json(told).at("/parts/1/message").asText()).isEqualTo("7 of 8 bytes");
    for (String key : List.of("", "Bearer nobody's-key-at-all")) {
      var uri = URI.create("http://127.0.0.1:" + server.port() + "/health/ready");
      var request = HttpRequest.newBuilder(uri);
      var untold = server.send(key.isEmpty() ? request : request.header("Authorization", key));
      assertThat(untold.statusCode()).isEqualTo(200);
      assertThat(json(untold).get("status").asText()).isEqualTo("degraded");
      assertThat(untold.body()).doesNotContain("bytes");
    }
    assertThat(server.get("/health").body()).isEqualTo("{\"status\":\"degraded\"}");
  }

  @Test
  void aStoreThatTakesNoTasksLeavesHeldRequestsToTheModel() throws Exception {
    for (TaskError.Code code :
        List.of(TaskError.Code.OVERLOADED, TaskError.Code.SHARE_USED, TaskError.Code.UNAVAILABLE)) {
      server.dispatcher.script = _ -> new Script.Refuse(new TaskError(code, "no room"));
      server.serve(
          RunNow.class,
          request -> request.mayWait() ? new Ran.Ended(ended(request.spec())) : new Ran.NotNow());
      assertThat(server.post("/v1/embeddings", "{\"input\":\"a\"}").statusCode()).isEqualTo(200);
      server.serve(RunNow.class, _ -> new Ran.NotNow());
      var refused = server.post("/v1/embeddings", "{\"input\":\"a\"}");
      assertThat(refused.statusCode()).isEqualTo(code == TaskError.Code.SHARE_USED ? 429 : 503);
      assertThat(error(refused).get("code").asText()).isEqualTo(code.json());
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    }
  }

  private static Task ended(TaskSpec spec) {
    return new Task(
        spec,
        TaskState.COMPLETED,
        1,
        0,
        null,
        Instant.now(),
        Instant.now(),
        Instant.now(),
        "w",
        null,
        ScriptedDispatcher.vectors(1));
  }

  @Test
  void withoutAKeyReadinessNamesNoModelAndNoReason() throws Exception {
    server.serve(
        ReadInferenceHealth.class,
        _ ->
            List.of(
                new Part("model secret-project", true, "cannot be opened: /srv/models/x is empty"),
                new Part("model other", true, "open on cpu"),
                new Part("plugin mine.jar", true, "task types: greet")));
    HttpResponse<String> open = server.send(server.stranger("/health/ready"));
    assertThat(open.statusCode()).isEqualTo(200);
    assertThat(open.body())
        .doesNotContain("secret", "other", "/srv", "mine", "greet")
        .isEqualTo(
            "{\"status\":\"ok\",\"parts\":["
                + "{\"name\":\"http\",\"ok\":true,\"message\":\"works\"},"
                + "{\"name\":\"queue\",\"ok\":true,\"message\":\"works\"},"
                + "{\"name\":\"model\",\"ok\":true,\"message\":\"works\"},"
                + "{\"name\":\"plugin\",\"ok\":true,\"message\":\"works\"}]}");
    assertThat(
            server
                .send(server.stranger("/health/ready").header("Authorization", "Bearer no"))
                .body())
        .isEqualTo(open.body());
    assertThat(server.get("/health/ready").body()).contains("model secret-project", "is empty");
  }

  @Test
  void drainingRefusesNewWorkAndAnswersWhatIsHeld() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    var drained = new CountDownLatch(1);
    try (var held = hold("a", ",\"wait_seconds\":30")) {
      held.setSoTimeout(20_000);
      server.verticle().drain().onComplete(_ -> drained.countDown());
      var refused = server.post("/v1/tasks", "{\"type\":\"ping\"}");
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(error(refused).get("code").asText()).isEqualTo("stopping");
      assertThat(header(refused, "Retry-After")).isEqualTo("5");
      assertThat(server.get("/health/ready").statusCode()).isEqualTo(503);
      assertThat(server.get("/health/live").statusCode()).isEqualTo(200);
      byte[] start = held.getInputStream().readNBytes("HTTP/1.1 202".length());
      assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 202");
      assertThat(drained.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void onlyMetricsTakeTheKeyAsPasswordToo() throws Exception {
    assertThat(server.send(basic("/metrics", TestServer.KEY)).statusCode()).isEqualTo(200);
    assertThat(server.send(basic("/metrics", "nope")).statusCode()).isEqualTo(401);
    for (String path : List.of("/v1/models", "/v1/tasks/x/events", "/v1/tasks/x/result")) {
      assertThat(server.send(basic(path, TestServer.KEY)).statusCode()).as(path).isEqualTo(401);
    }
  }

  private java.net.http.HttpRequest.Builder basic(String path, String password) {
    String pair =
        Base64.getEncoder().encodeToString(("me:" + password).getBytes(StandardCharsets.UTF_8));
    return server.request(path).setHeader("Authorization", "Basic " + pair);
  }

  @Test
  void aFileThatTheClientHasIsNotSentAgain() throws Exception {
    var first = server.get("/openapi.yaml");
    assertThat(first.body()).startsWith("openapi: 3.1.0");
    var again =
        server.send(server.request("/openapi.yaml").header("If-None-Match", header(first, "ETag")));
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
  }
}
