package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Event.RunCancelled;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Held requests that a model of this node answers, and every way in which they become tasks. */
class DirectAnswersTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String BODY = "{\"input\":\"a\"}";
  private static final Ran NOT_NOW = new Ran.NotNow();

  private final List<TaskSpec> asked = new CopyOnWriteArrayList<>();
  private final List<Duration> limits = new CopyOnWriteArrayList<>();
  private final List<TaskId> stopped = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Ran> later = new CompletableFuture<>();
  private volatile Function<TaskSpec, Ran> model = DirectAnswersTest::completed;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    open(Map.of("http.abandon-after", "100ms"));
  }

  private void open(Map<String, String> settings) throws Exception {
    server = new TestServer(settings);
    server.bus.serve(
        RunNow.class,
        request -> {
          asked.add(request.spec());
          limits.add(request.limit());
          return model.apply(request.spec());
        });
    server.bus.listen(
        server.bus.node(), RunCancelled.class, cancelled -> stopped.add(cancelled.id()));
  }

  private void reopen(String key, String value) throws Exception {
    server.close();
    open(Map.of(key, value));
  }

  @AfterEach
  void stop() throws Exception {
    later.complete(NOT_NOW);
    server.close();
  }

  private static Ran completed(TaskSpec spec) {
    return ended(spec, Instant.now(), TaskState.COMPLETED, ScriptedDispatcher.vectors(1), null);
  }

  private static Ran ended(
      TaskSpec spec,
      Instant began,
      TaskState state,
      @Nullable TaskOutput output,
      @Nullable TaskError error) {
    Instant end = began.plusMillis(3);
    return new Ran.Ended(
        new Task(spec, state, 1, 0, null, began, began, end, "node", error, output));
  }

  private FutureTask<HttpResponse<String>> ask(String body) {
    var request = new FutureTask<>(() -> server.post("/v1/embeddings", body));
    Thread.ofVirtual().start(request);
    return request;
  }

  private void awaitAsked(int count) throws Exception {
    Await.until("the model is asked", LIMIT, () -> asked.size() == count);
  }

  @Test
  void aFreeModelAnswersAndNothingIsKept() throws Exception {
    var reply = server.post("/v1/embeddings", "{\"input\":\"a\",\"dimensions\":8}");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(json(reply).at("/data/0/embedding")).hasSize(8);
    assertThat(header(reply, "x-queue-ms")).isEqualTo("0.000");
    assertThat(header(reply, "x-inference-ms")).isEqualTo("3.000");
    assertThat(header(reply, "x-task-id")).isEqualTo("(absent)");
    assertThat(server.dispatcher.tasks).isEmpty();
  }

  @Test
  void whatIsWrongWithTheInputIsSaid() throws Exception {
    var cause = new TaskError(TaskError.Code.CONTEXT_LENGTH_EXCEEDED, "too long by far");
    model = spec -> ended(spec, Instant.now(), TaskState.FAILED, null, cause);
    var reply = server.post("/v1/embeddings", BODY);
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(error(reply).get("code").asText()).isEqualTo("context_length_exceeded");
    assertThat(server.dispatcher.tasks).isEmpty();
  }

  @Test
  void equalRequestsShareARunAndHaveTheirOwnForms() throws Exception {
    reopen("http.max-held-requests", "2");
    model = spec -> isProbe(spec) ? completed(spec) : later.join();
    var first = ask(BODY);
    awaitAsked(1);
    var second = askAsTheSecondOfTwo("{\"input\":\"a\",\"dimensions\":2}");
    later.complete(completed(first()));
    assertThat(json(first.get(20, TimeUnit.SECONDS)).at("/data/0/embedding")).hasSize(384);
    assertThat(json(second.get(20, TimeUnit.SECONDS)).at("/data/0/embedding")).hasSize(2);
    assertThat(server.post("/v1/embeddings", "{\"input\":\"b\"}").statusCode()).isEqualTo(200);
    assertThat(asked.stream().filter(spec -> !isProbe(spec))).as("a, and b").hasSize(2);
  }

  @Test
  void aMoreUrgentRequestDoesNotWaitForALessUrgentRun() throws Exception {
    model = spec -> spec.priority().value() > 7 ? completed(spec) : later.join();
    var slow = ask(BODY);
    awaitAsked(1);
    var urgent = server.post("/v1/embeddings", "{\"input\":\"a\",\"priority\":9}");
    assertThat(urgent.statusCode()).isEqualTo(200);
    assertThat(slow.isDone()).isFalse();
  }

  @Test
  void whatWouldHaveToWaitBecomesATask() throws Exception {
    model = _ -> NOT_NOW;
    var reply = server.post("/v1/embeddings", BODY);
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(asked).hasSize(1);
    assertThat(server.submitted().id()).as("a run of it may still end").isNotEqualTo(first().id());
  }

  private TaskSpec first() {
    return asked.getFirst();
  }

  @Test
  void whereAModelFailsWithoutAReasonItBecomesATask() throws Exception {
    model =
        _ -> {
          throw new IllegalStateException("scripted");
        };
    assertThat(server.post("/v1/embeddings", BODY).statusCode()).isEqualTo(200);
    assertThat(server.dispatcher.tasks).hasSize(1);
  }

  @Test
  void pastItsTimeItBecomesATaskWhoseIdIsTold() throws Exception {
    reopen("http.sync-timeout", "200ms");
    server.dispatcher.script = _ -> new ScriptedDispatcher.Script.Stay();
    model = _ -> NOT_NOW; // what a run is answered with that was stopped at its limit
    var reply = server.post("/v1/embeddings", BODY);
    assertThat(limits).containsExactly(Duration.ofMillis(200));
    assertThat(reply.statusCode()).isEqualTo(503);
    assertThat(error(reply).get("code").asText()).isEqualTo("task_pending");
    assertThat(header(reply, "x-task-id")).isEqualTo(server.submitted().id().value());
  }

  @Test
  void whoeverMayComeBackForItGetsATask() throws Exception {
    var pending = server.post("/v1/embeddings", "{\"input\":\"b\",\"wait_seconds\":5}");
    assertThat(pending.statusCode()).isEqualTo(200);
    server.post("/v1/embeddings", BODY, "Prefer", "respond-async");
    server.post("/v1/embeddings", BODY, "Idempotency-Key", "k");
    assertThat(asked).isEmpty();
    assertThat(server.dispatcher.tasks).hasSize(3);
  }

  @Test
  void aSettingMakesEveryRequestATask() throws Exception {
    reopen("embedding.direct", "false");
    assertThat(server.post("/v1/embeddings", BODY).statusCode()).isEqualTo(200);
    assertThat(asked).isEmpty();
    assertThat(server.dispatcher.tasks).hasSize(1);
  }

  @Test
  void aRunGoesOnForThoseWhoStillWait() throws Exception {
    server.close();
    open(Map.of("http.abandon-after", "0s", "http.max-held-requests", "2"));
    model = spec -> isProbe(spec) ? completed(spec) : later.join();
    FutureTask<HttpResponse<String>> stays;
    try (Socket _ = server.hold(BODY)) {
      awaitAsked(1);
      stays = askAsTheSecondOfTwo(BODY);
    }
    Thread.sleep(1_500); // a look for abandoned runs, and more
    assertThat(stopped).isEmpty();
    later.complete(completed(first()));
    assertThat(stays.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(asked.stream().filter(spec -> !isProbe(spec))).hasSize(1);
  }

  /** Returns once it is held beside another one, where two may be. */
  private FutureTask<HttpResponse<String>> askAsTheSecondOfTwo(String body) throws Exception {
    var second = new AtomicReference<>(ask(body));
    Await.until(
        "both are held",
        LIMIT,
        () -> {
          if (second.get().isDone()) {
            second.set(ask(body)); // a probe had its place
          }
          return probe() == 503;
        });
    return second.get();
  }

  private int probe() throws Exception {
    return server.post("/v1/embeddings", "{\"input\":\"probe\",\"priority\":1}").statusCode();
  }

  private static boolean isProbe(TaskSpec spec) {
    return spec.priority().value() == 1;
  }

  @Test
  void aRunWhoseOnlyClientHasGoneIsStopped() throws Exception {
    model = _ -> later.join();
    try (Socket _ = server.hold(BODY)) {
      awaitAsked(1);
    }
    Await.until("it is told to stop", LIMIT, () -> stopped.contains(first().id()));
    assertThat(server.dispatcher.tasks).isEmpty();
  }

  @Test
  void aRunWhosePlaceAMoreUrgentOneTookIsStoppedTooWhenItsClientGoes() throws Exception {
    model = _ -> later.join();
    try (Socket _ = server.hold(BODY)) {
      awaitAsked(1);
      var urgent = ask("{\"input\":\"a\",\"priority\":9}");
      awaitAsked(2);
      assertThat(urgent.isDone()).isFalse();
    }
    Await.until("it is told to stop", LIMIT, () -> stopped.contains(first().id()));
    assertThat(stopped).containsOnly(first().id());
  }

  @Test
  void whoJoinsARunIsToldItsOwnTimes() throws Exception {
    reopen("http.max-held-requests", "2");
    model = spec -> isProbe(spec) ? completed(spec) : later.join();
    var first = ask(BODY);
    awaitAsked(1);
    var second = askAsTheSecondOfTwo(BODY);
    Instant longAgo = Instant.now().minus(Duration.ofHours(1));
    later.complete(
        ended(first(), longAgo, TaskState.COMPLETED, ScriptedDispatcher.vectors(1), null));
    assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    var reply = second.get(20, TimeUnit.SECONDS);
    assertThat(header(reply, "x-queue-ms")).isEqualTo("0.000");
    assertThat(Double.parseDouble(header(reply, "x-inference-ms"))).isBetween(0.0, 60_000.0);
  }

  @Test
  void whatIsGivenBackAtTheEndOfAStopIsToldItsId() throws Exception {
    reopen("shutdown.timeout", "100ms");
    server.dispatcher.script = _ -> new ScriptedDispatcher.Script.Stay();
    model = _ -> later.join();
    var held = ask(BODY);
    awaitAsked(1);
    // Ends when the time is over and those who waited have been told.
    server.verticle().drain().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    later.complete(NOT_NOW);
    var reply = held.get(20, TimeUnit.SECONDS);
    assertThat(reply.statusCode()).isEqualTo(503);
    assertThat(header(reply, "x-task-id")).isEqualTo(server.submitted().id().value());
  }

  @Test
  void heldRequestsAreCountedHoweverTheyAreAnswered() throws Exception {
    reopen("http.max-held-requests", "1");
    model = _ -> later.join();
    var held = ask(BODY);
    awaitAsked(1);
    var refused = server.post("/v1/embeddings", "{\"input\":\"b\"}");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(error(refused).get("message").asText()).contains("1 requests are being held");
    later.complete(completed(first()));
    assertThat(held.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(server.post("/v1/embeddings", "{\"input\":\"c\"}").statusCode()).isEqualTo(200);
  }
}
