package dev.penstock.api;

import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Held requests for the same vectors are one piece of work, which ends with its last waiter. */
class CoalescingTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String BODY = "{\"input\":\"a\"}";
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("http.abandon-after", "100ms", "http.sync-timeout", "15s"));
    server.dispatcher.script = _ -> new Script.Stay();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private FutureTask<HttpResponse<String>> ask(String body, String... headers) {
    var request = new FutureTask<>(() -> server.post("/v1/embeddings", body, headers));
    Thread.ofVirtual().start(request);
    return request;
  }

  private void awaitTasks(int count) throws Exception {
    Await.until("tasks", LIMIT, () -> server.dispatcher.tasks.size() == count);
  }

  /** A request that follows an earlier task looks for its end once. */
  private FutureTask<HttpResponse<String>> follow(String body) throws Exception {
    int reads = server.dispatcher.briefReads.get();
    var request = ask(body);
    Await.until("it follows", LIMIT, () -> server.dispatcher.briefReads.get() > reads);
    return request;
  }

  private void complete(TaskId id) {
    server.dispatcher.end(id, TaskState.COMPLETED, ScriptedDispatcher.vectors(1), null);
  }

  @Test
  void theSameInputIsOnePieceOfWorkWhateverItsForm() throws Exception {
    var first = ask(BODY);
    awaitTasks(1);
    var second = follow("{\"input\":\"a\",\"dimensions\":2}");
    var third = follow("{\"encoding_format\":\"base64\",\"input\":\"a\",\"user\":\"u\"}");
    complete(server.submitted().id());
    assertThat(json(first.get(20, TimeUnit.SECONDS)).at("/data/0/embedding")).hasSize(384);
    assertThat(json(second.get(20, TimeUnit.SECONDS)).at("/data/0/embedding")).hasSize(2);
    assertThat(json(third.get(20, TimeUnit.SECONDS)).at("/data/0/embedding").isTextual()).isTrue();
    var late = server.post("/v1/embeddings", BODY);
    assertThat(late.body()).isEqualTo(first.get().body());
    assertThat(header(late, "x-queue-ms")).isEqualTo("0.000");
    assertThat(header(late, "x-inference-ms")).isEqualTo("0.000");
    assertThat(header(late, "Idempotent-Replayed")).isEqualTo("(absent)");
    assertThat(server.dispatcher.tasks).hasSize(1);
    var result = server.get("/v1/tasks/" + server.submitted().id() + "/result");
    assertThat(json(result).at("/data/0/embedding")).as("without a form of its own").hasSize(384);
  }

  @Test
  void whatDecidesTheVectorsMakesNewWork() throws Exception {
    var bodies =
        List.of(
            BODY,
            "{\"input\":\"b\"}",
            "{\"input\":[\"a\",\"b\"]}",
            "{\"input\":\"a\",\"truncate\":\"end\"}",
            "{\"input\":\"a\",\"model\":\"bge-small-en-v1.5-q\"}",
            "{\"input\":\"a\",\"priority\":9}");
    for (String body : bodies) {
      int before = server.dispatcher.tasks.size();
      var _ = ask(body);
      awaitTasks(before + 1);
    }
  }

  @Test
  void anIdThatWasAskedForIsNotSharedWithHeldRequests() throws Exception {
    var _ = ask(BODY);
    awaitTasks(1);
    var async = server.post("/v1/embeddings", BODY, "Prefer", "respond-async");
    assertThat(async.statusCode()).isEqualTo(202);
    awaitTasks(2);
    var again = server.post("/v1/embeddings", BODY, "Prefer", "respond-async");
    assertThat(json(again).get("id")).isEqualTo(json(async).get("id"));
    server.post("/v1/embeddings", "{\"input\":\"a\",\"dimensions\":2,\"wait_seconds\":0}");
    awaitTasks(3);
  }

  @Test
  void anEndThatWasMissedIsFoundByLooking() throws Exception {
    var first = ask(BODY);
    awaitTasks(1);
    var second = follow(BODY);
    Task task = server.dispatcher.tasks.values().iterator().next();
    server.dispatcher.endUnheard(task.id(), ScriptedDispatcher.vectors(1));
    assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    assertThat(second.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
  }

  @Test
  void workThatNobodyWaitsForAnyMoreIsCancelled() throws Exception {
    Socket first = server.hold(BODY);
    awaitTasks(1);
    var second = server.hold("{\"input\":\"b\"}");
    awaitTasks(2);
    first.close();
    Await.until("one is cancelled", LIMIT, () -> count(TaskState.CANCELLED) == 1);
    assertThat(count(TaskState.PENDING)).as("the other is waited for").isEqualTo(1);
    second.close();
    Await.until("both are cancelled", LIMIT, () -> count(TaskState.CANCELLED) == 2);
  }

  private long count(TaskState state) {
    return server.dispatcher.tasks.values().stream().filter(task -> task.state() == state).count();
  }

  @Test
  void workGoesOnWhileOneOfItsWaitersStays() throws Exception {
    Socket first = server.hold(BODY);
    awaitTasks(1);
    var second = follow(BODY);
    first.close();
    // Another's work is dropped meanwhile: the look that would have dropped this one has been.
    Socket other = server.hold("{\"input\":\"b\"}");
    awaitTasks(2);
    other.close();
    Await.until("the other is cancelled", LIMIT, () -> count(TaskState.CANCELLED) == 1);
    assertThat(count(TaskState.PENDING)).isEqualTo(1);
    server.dispatcher.tasks.forEach((id, task) -> {
      if (!task.state().ended()) {
        complete(id);
      }
    });
    assertThat(second.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
  }

  @Test
  void whoMeetsWorkThatIsBeingCancelledMakesItNew() throws Exception {
    var first = ask(BODY);
    awaitTasks(1);
    var second = follow(BODY);
    server.dispatcher.end(server.submitted().id(), TaskState.CANCELLED, null, null);
    assertThat(first.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(409);
    awaitTasks(2);
    server.dispatcher.tasks.forEach((id, task) -> {
      if (!task.state().ended()) {
        complete(id);
      }
    });
    assertThat(second.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
  }

  @Test
  void workThatIsMadeNewIsWaitedForNoLonger() throws Exception {
    try (var strict = new TestServer(Map.of("http.sync-timeout", "4s"))) {
      strict.dispatcher.script = _ -> new Script.Stay();
      Socket first = strict.hold(BODY);
      Await.until("it is there", LIMIT, () -> strict.dispatcher.tasks.size() == 1);
      TaskId id = strict.submitted().id();
      long started = System.nanoTime();
      Thread.ofVirtual()
          .start(() -> {
            try {
              Await.until("late", LIMIT, () -> System.nanoTime() - started > 3_000_000_000L);
              strict.dispatcher.end(id, TaskState.CANCELLED, null, null);
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      var second = strict.post("/v1/embeddings", BODY);
      assertThat(json(second).at("/error/code").asText()).isEqualTo("task_pending");
      assertThat(strict.dispatcher.tasks).as("made new").hasSize(2);
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(6));
      first.close();
    }
  }

  @Test
  void aTaskWhoseIdWasGivenOutIsNeverDropped() throws Exception {
    try (var strict =
        new TestServer(Map.of("http.abandon-after", "100ms", "http.sync-timeout", "2s"))) {
      strict.dispatcher.script = _ -> new Script.Stay();
      var pending = strict.post("/v1/embeddings", BODY);
      assertThat(pending.statusCode()).isEqualTo(503);
      String id = json(pending).get("id").asText();
      int reads = strict.dispatcher.briefReads.get();
      Socket follower = strict.hold(BODY);
      Await.until("it follows", LIMIT, () -> strict.dispatcher.briefReads.get() > reads);
      follower.close();
      // Dropped no sooner than the first would be.
      Socket other = strict.hold("{\"input\":\"b\"}");
      Await.until("it is there", LIMIT, () -> strict.dispatcher.tasks.size() == 2);
      other.close();
      Await.until(
          "the other one is cancelled",
          LIMIT,
          () ->
              strict.dispatcher.tasks.values().stream()
                  .anyMatch(task -> task.state() == TaskState.CANCELLED));
      assertThat(json(strict.get("/v1/tasks/" + id)).get("status").asText()).isEqualTo("pending");
    }
  }

  @Test
  void aSubmitThatIsRefusedLeavesNothingToCancel() throws Exception {
    server.dispatcher.script =
        _ -> new Script.Refuse(new TaskError(TaskError.Code.OVERLOADED, "full"));
    for (int i = 0; i < 10; i++) {
      assertThat(server.post("/v1/embeddings", BODY).statusCode()).isEqualTo(503);
    }
    server.dispatcher.script = _ -> new Script.Stay();
    Socket other = server.hold("{\"input\":\"b\"}");
    awaitTasks(1);
    other.close();
    Await.until("it is cancelled", LIMIT, () -> count(TaskState.CANCELLED) == 1);
    assertThat(server.dispatcher.cancels).hasValue(1);
  }

  @Test
  void abandonedWorkKeepsItsPlaceUntilItIsCancelled() throws Exception {
    try (var strict =
        new TestServer(
            Map.of(
                "http.abandon-after",
                "1s",
                "http.sync-timeout",
                "3s",
                "http.max-held-requests",
                "1"))) {
      strict.dispatcher.script = _ -> new Script.Stay();
      strict.dispatcher.noCancels = true;
      Socket first = strict.hold(BODY);
      Await.until("it is there", LIMIT, () -> strict.dispatcher.tasks.size() == 1);
      TaskId id = strict.submitted().id();
      first.close();
      Await.until("a cancel is refused", LIMIT, () -> strict.dispatcher.cancels.get() > 0);
      assertThat(
              json(strict.post("/v1/embeddings", "{\"input\":\"b\"}")).at("/error/code").asText())
          .isEqualTo("overloaded");
      strict.dispatcher.noCancels = false;
      Await.until(
          "another finds a place",
          LIMIT,
          () ->
              json(strict.post("/v1/embeddings", "{\"input\":\"b\"}"))
                  .at("/error/code")
                  .asText()
                  .equals("task_pending"));
      assertThat(json(strict.get("/v1/tasks/" + id)).get("status").asText()).isEqualTo("cancelled");
    }
  }
}
