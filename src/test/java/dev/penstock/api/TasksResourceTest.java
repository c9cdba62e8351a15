package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TasksResourceTest {
  private static final TaskError BROKEN = new TaskError(TaskError.Code.HANDLER_FAILED, "it broke");
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
    server.dispatcher.script = _ -> new Script.Stay();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private String submit(String members) throws Exception {
    return json(server.post("/v1/tasks", "{" + members + "}")).get("id").asText();
  }

  private String ping() throws Exception {
    return submit("\"type\":\"ping\"");
  }

  private void end(String id, TaskState state) {
    server.dispatcher.end(new TaskId(id), state, null, state == TaskState.FAILED ? BROKEN : null);
  }

  private @Nullable TaskState state(String id) {
    Task task = server.dispatcher.tasks.get(new TaskId(id));
    return task == null ? null : task.state();
  }

  private static List<String> ids(HttpResponse<String> reply) throws Exception {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    var ids = new ArrayList<String>();
    json(reply).get("data").forEach(task -> ids.add(task.get("id").asText()));
    return ids;
  }

  @Test
  void tasksAreListedNewestFirstPageByPage() throws Exception {
    var made = new ArrayList<String>();
    for (int i = 0; i < 5; i++) {
      made.add(ping());
    }
    made.sort(Comparator.reverseOrder());
    var listed = new ArrayList<String>();
    String after = "";
    JsonNode page;
    do {
      var reply = server.get("/v1/tasks?limit=2" + after);
      listed.addAll(ids(reply));
      page = json(reply);
      after = "&after=" + listed.getLast();
    } while (page.get("has_more").asBoolean());
    assertThat(listed).isEqualTo(made);
    assertThat(page.get("object").asText()).isEqualTo("list");
    assertThat(page.has("search_limited")).isFalse();
  }

  @Test
  void aListHasTheTasksThatTheFilterMeans() throws Exception {
    String embedding = submit("\"type\":\"embedding\",\"input\":\"a\"");
    String ping = submit("\"type\":\"ping\",\"metadata\":{\"job\":\"night\"}");
    String failed = ping();
    end(failed, TaskState.FAILED);
    assertThat(ids(server.get("/v1/tasks?type=embedding"))).containsExactly(embedding);
    assertThat(ids(server.get("/v1/tasks?model=text-embedding-3-small")))
        .as("a model's alias means the model")
        .containsExactly(embedding);
    assertThat(ids(server.get("/v1/tasks?status=failed"))).containsExactly(failed);
    assertThat(ids(server.get("/v1/tasks?status=failed,cancelled&status=pending"))).hasSize(3);
    var found = server.get("/v1/tasks?q=night");
    assertThat(ids(found)).containsExactly(ping);
    assertThat(json(found).get("search_limited").asBoolean()).isTrue();
  }

  /** Makes it another task's child, and its parent wait for it. */
  private void adopt(String child, String parent) {
    server.dispatcher.tasks.computeIfPresent(
        new TaskId(child),
        (_, task) -> {
          TaskSpec spec = task.spec();
          var origin =
              new TaskSpec.Origin(spec.owner(), Map.of(), null, null, new TaskId(parent), null);
          var made = new TaskSpec(spec.id(), spec.work(), spec.limits(), spec.retention(), origin);
          return new Task(
              made, task.state(), 0, 0, null, task.createdAt(), null, null, null, null, null);
        });
    server.dispatcher.tasks.computeIfPresent(new TaskId(parent), (_, task) -> task.waitingOn(1));
  }

  @Test
  void aChildNamesItsParentWhichSaysHowManyItWaitsFor() throws Exception {
    String parent = ping();
    String child = ping();
    adopt(child, parent);
    assertThat(json(server.get("/v1/tasks/" + child)).path("parent").asText()).isEqualTo(parent);
    JsonNode waiting = json(server.get("/v1/tasks/" + parent));
    assertThat(waiting.path("waiting_on").asInt()).isEqualTo(1);
    assertThat(waiting.has("parent")).isFalse();
    assertThat(json(server.get("/v1/tasks/" + child)).has("waiting_on")).isFalse();
    assertThat(ids(server.get("/v1/tasks?parent=" + parent))).containsExactly(child);
    assertThat(ids(server.get("/v1/tasks?parent=" + child))).isEmpty();
  }

  @Test
  void theParentThatAListIsOfMustBeATaskOfTheCaller() throws Exception {
    String parent = ping();
    server.dispatcher.tasks.replaceAll(
        (_, task) -> ScriptedDispatcher.ofOwner("somebody else", task));
    for (String other : List.of(parent, "x", TaskId.random().value())) {
      var refused = server.get("/v1/tasks?parent=" + other);
      assertThat(refused.statusCode()).as(other).isEqualTo(other.equals("x") ? 400 : 404);
      assertThat(error(refused).path("param").asText()).isEqualTo("parent");
    }
  }

  @Test
  void aListHasNoResultsAndNobodyElsesTasks() throws Exception {
    server.dispatcher.script = ScriptedDispatcher::complete;
    ping();
    var list = json(server.get("/v1/tasks"));
    assertThat(list.at("/data/0/status").asText()).isEqualTo("completed");
    assertThat(list.at("/data/0").has("result")).isFalse();
    server.dispatcher.tasks.replaceAll(
        (_, task) -> ScriptedDispatcher.ofOwner("somebody else", task));
    assertThat(json(server.get("/v1/tasks")).get("data")).isEmpty();
  }

  @Test
  void aTaskSaysWhatItWentThrough() throws Exception {
    String id = ping();
    assertThat(json(server.get("/v1/tasks/" + id)).has("steps")).isFalse();
    var at = Instant.ofEpochMilli(1_763_780_001_123L);
    server.dispatcher.steps.put(
        new TaskId(id),
        List.of(
            new Step(Step.Kind.FAILED, at, at.minusSeconds(1), "w", BROKEN),
            new Step(Step.Kind.CANCELLED, at, null, null, null)));
    end(id, TaskState.CANCELLED);
    JsonNode task = json(server.get("/v1/tasks/" + id));
    assertThat(task.get("lost").asInt()).isZero();
    assertThat(task.at("/steps/0/kind").asText()).isEqualTo("failed");
    assertThat(task.at("/steps/0/started_at").decimalValue().toPlainString())
        .isEqualTo("1763780000.123");
    assertThat(task.at("/steps/0/error/code").asText()).isEqualTo("handler_failed");
    assertThat(task.at("/steps/1/kind").asText()).isEqualTo("cancelled");
    assertThat(task.at("/steps/1").has("worker")).isFalse();
  }

  @Test
  void askingForATaskAgainAndAgainDoesNotReadItsInput() throws Exception {
    String id = submit("\"type\":\"embedding\",\"input\":\"a\"");
    server.get("/v1/tasks/" + id);
    server.get("/v1/tasks/" + id + "/result");
    assertThat(server.dispatcher.wholeReads).hasValue(0);
    server.dispatcher.end(new TaskId(id), TaskState.COMPLETED, ScriptedDispatcher.vectors(1), null);
    assertThat(json(server.get("/v1/tasks/" + id)).at("/result/data")).hasSize(1);
    assertThat(server.dispatcher.wholeReads).hasValue(1);
  }

  @Test
  void aTaskIsCancelledOnceAndSayingItAgainIsFine() throws Exception {
    String id = ping();
    for (int i = 0; i < 2; i++) {
      var reply = server.post("/v1/tasks/" + id + "/cancel", "");
      assertThat(reply.statusCode()).isEqualTo(200);
      assertThat(json(reply).get("id").asText()).isEqualTo(id);
      assertThat(json(reply).get("status").asText()).isEqualTo("cancelled");
    }
  }

  @Test
  void aTaskThatHasEndedCannotBeCancelled() throws Exception {
    String id = ping();
    end(id, TaskState.FAILED);
    var reply = server.post("/v1/tasks/" + id + "/cancel", "{}");
    assertThat(reply.statusCode()).isEqualTo(409);
    assertThat(error(reply).get("code").asText()).isEqualTo("task_ended");
    assertThat(json(reply).get("id").asText()).isEqualTo(id);
  }

  @Test
  void aFailedTaskRunsAgainAndOthersDoNot() throws Exception {
    String id = ping();
    var early = server.post("/v1/tasks/" + id + "/retry", "");
    assertThat(early.statusCode()).isEqualTo(409);
    assertThat(error(early).get("code").asText()).isEqualTo("task_not_failed");
    end(id, TaskState.FAILED);
    var reply = server.post("/v1/tasks/" + id + "/retry", "");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(json(reply).get("status").asText()).isEqualTo("pending");
  }

  @Test
  void manyTasksAreCancelledAndRetriedByAFilter() throws Exception {
    String waiting = submit("\"type\":\"embedding\",\"input\":\"a\"");
    ping();
    ping();
    var cancelled = json(server.post("/v1/tasks/cancel", "{\"type\":\"ping\"}"));
    assertThat(cancelled.toString())
        .isEqualTo("{\"object\":\"tasks.cancelled\",\"count\":2,\"has_more\":false}");
    assertThat(state(waiting)).isEqualTo(TaskState.PENDING);
    var retried = json(server.post("/v1/tasks/retry", "{\"status\":[\"failed\",\"cancelled\"]}"));
    assertThat(retried.toString())
        .isEqualTo("{\"object\":\"tasks.retried\",\"count\":2,\"has_more\":true}");
    var all = json(server.post("/v1/tasks/cancel", "{\"all\":true}"));
    assertThat(all.get("count").asInt()).isEqualTo(3);
  }

  private HttpResponse<String> delete(String id) throws Exception {
    return server.send(server.request("/v1/tasks/" + id).DELETE());
  }

  @Test
  void aTaskThatHasEndedIsDeletedAndIsGone() throws Exception {
    String id = ping();
    var live = delete(id);
    assertThat(live.statusCode()).isEqualTo(409);
    assertThat(error(live).get("code").asText()).isEqualTo("task_not_ended");
    assertThat(error(live).get("message").asText()).contains("cancel it first");
    end(id, TaskState.FAILED);
    var deleted = delete(id);
    assertThat(deleted.statusCode()).isEqualTo(200);
    assertThat(deleted.body())
        .isEqualTo("{\"id\":\"%s\",\"object\":\"task.deleted\",\"deleted\":true}".formatted(id));
    assertThat(server.get("/v1/tasks/" + id).statusCode()).isEqualTo(404);
    assertThat(delete(id).statusCode()).isEqualTo(404);
    assertThat(delete("nonsense").statusCode()).isEqualTo(404);
  }

  @Test
  void aTaskThatItsParentStillNeedsIsNotDeleted() throws Exception {
    String id = ping();
    TaskId parent = TaskId.random();
    server.serve(DeleteTask.class, _ -> new DeleteResult.Needed(parent));
    var refused = delete(id);
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(error(refused).get("code").asText()).isEqualTo("task_needed");
    assertThat(error(refused).get("message").asText()).contains(parent.value());
  }

  @Test
  void endedTasksAreDeletedByAFilterWhichHasToSayWhich() throws Exception {
    end(ping(), TaskState.FAILED);
    end(ping(), TaskState.CANCELLED);
    ping();
    assertThat(server.post("/v1/tasks/delete", "{}").statusCode()).isEqualTo(400);
    assertThat(server.post("/v1/tasks/delete", "{\"state\":\"failed\"}").statusCode())
        .isEqualTo(400);
    assertThat(server.post("/v1/tasks/delete", "{\"status\":\"failed\"}").body())
        .isEqualTo("{\"object\":\"tasks.deleted\",\"count\":1,\"has_more\":false}");
    assertThat(json(server.post("/v1/tasks/delete", "{\"all\":true}")).get("count").asInt())
        .isEqualTo(1);
    assertThat(server.dispatcher.tasks).hasSize(1);
  }

  @Test
  void aCancelledTaskWhoseInputHasLeftIsNotRetried() throws Exception {
    String id = ping();
    server.serve(RetryTask.class, _ -> new RetryResult.InputGone());
    var refused = server.post("/v1/tasks/" + id + "/retry", "");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(error(refused).get("code").asText()).isEqualTo("input_gone");
  }

  @Test
  void anotherOwnersTaskCannotBeTouched() throws Exception {
    String id = ping();
    server.dispatcher.tasks.replaceAll(
        (_, task) -> ScriptedDispatcher.ofOwner("somebody else", task));
    for (String what : List.of("cancel", "retry")) {
      assertThat(server.post("/v1/tasks/" + id + "/" + what, "").statusCode()).isEqualTo(404);
      assertThat(json(server.post("/v1/tasks/" + what, "{\"all\":true}")).get("count").asInt())
          .isZero();
    }
    assertThat(delete(id).statusCode()).isEqualTo(404);
    assertThat(json(server.post("/v1/tasks/delete", "{\"all\":true}")).get("count").asInt())
        .isZero();
    assertThat(server.get("/v1/tasks/" + id + "/events").statusCode()).isEqualTo(404);
    assertThat(server.get("/api/v1/embedding/" + id).statusCode()).isEqualTo(404);
    assertThat(ids(server.get("/v1/tasks?after=" + id))).isEmpty();
    assertThat(server.get("/v1/tasks?parent=" + id).statusCode()).isEqualTo(404);
    assertThat(state(id)).isEqualTo(TaskState.PENDING);
  }
}
