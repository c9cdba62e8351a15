package dev.penstock.api.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.TestServer;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.Reach;
import dev.penstock.core.Scope;
import dev.penstock.security.ApiKeys.Created;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A worker whose key is bound asks for, and says of, what it may not serve. */
final class KeyReachTest {
  private static final Lane PING = new Lane("ping", null);
  private static final Lane TEXTS = new Lane("embedding", "all-minilm-l6-v2");

  private final Task own = running(PING, "acme");
  private final Task foreign = running(PING, "mill");
  private final Task elsewhere = running(TEXTS, "acme");
  private final Queue<LeaseTasks> asked = new ConcurrentLinkedQueue<>();
  private TestServer server;
  private String key;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
    List<Task> all = List.of(own, foreign, elsewhere);
    server.serve(
        FindTask.class,
        find ->
            all.stream()
                .filter(task -> task.id().equals(find.id()))
                .findFirst()
                .or(Optional::empty));
    server.serve(
        FindTasks.class,
        find ->
            all.stream()
                .filter(task -> find.ids().contains(task.id()))
                .collect(Collectors.toMap(Task::id, task -> task)));
    server.dispatcher.leases =
        request -> {
          asked.add(request);
          return new Leased(List.of(), false);
        };
    key = key(new Reach(Set.of("ping"), Set.of("acme")));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private String key(Reach reach) {
    return ((Created.Now) server.keys().create("far", Set.of(Scope.WORKER), null, null, reach))
        .secret();
  }

  private static Task running(Lane lane, String owner) {
    TaskSpec spec = TestTasks.of(owner, TestTasks.task(lane));
    Instant now = Instant.now();
    return new Task(spec, TaskState.PROCESSING, 0, 0, null, now, now, null, "w", null, null);
  }

  private HttpResponse<String> post(String path, String json) throws Exception {
    return server.send(
        server
            .request("/v1/worker/" + path)
            .setHeader("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  @Test
  void aLaneThatTheKeyMayNotServeIsAsOneThatIsNotThere() throws Exception {
    var refused =
        post("lease", "{\"worker\":\"w\",\"lanes\":[\"ping\",\"embedding.all-minilm-l6-v2\"]}");
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(TestServer.error(refused).get("code").asText()).isEqualTo("lane_not_found");
    assertThat(TestServer.error(refused).get("param").asText()).isEqualTo("lanes[1]");
    assertThat(asked).isEmpty();
  }

  @Test
  void onlyTasksOfItsOwnersAreAskedFor() throws Exception {
    assertThat(post("lease", "{\"worker\":\"w\",\"lanes\":[\"ping\"]}").statusCode())
        .isEqualTo(200);
    assertThat(asked)
        .isNotEmpty()
        .allSatisfy(request -> assertThat(request.owners()).containsExactly("acme"));
  }

  @Test
  void aTypesNameIsForAllItsLanes() throws Exception {
    key = key(new Reach(Set.of("embedding"), Set.of()));
    var lanes = "{\"worker\":\"w\",\"lanes\":[\"%s\"]}";
    assertThat(post("lease", lanes.formatted("embedding.all-minilm-l6-v2")).statusCode())
        .isEqualTo(200);
    assertThat(post("lease", lanes.formatted("ping")).statusCode()).isEqualTo(404);
  }

  @Test
  void aLeaseThatWasTakenFromAnotherWorkerIsNotExtended() throws Exception {
    String held =
        Stream.of(own, foreign, elsewhere)
            .map(task -> "{\"id\":\"%s\",\"token\":\"t\"}".formatted(task.id()))
            .collect(Collectors.joining(","));
    var reply = post("extend", "{\"worker\":\"w\",\"leases\":[" + held + "]}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    var leases = TestServer.json(reply).get("leases");
    assertThat(leases.findValuesAsText("status")).containsExactly("held", "lost", "lost");
  }

  @Test
  void aResultOfAnotherOwnersTaskChangesNothing() throws Exception {
    for (Task task : List.of(foreign, elsewhere)) {
      for (Map.Entry<String, String> each :
          Map.of(
                  "settle", "\"outcome\":\"retry\"",
                  "pieces", "\"offset\":0,\"pieces\":[1],\"run\":1",
                  "children", "\"limit\":1")
              .entrySet()) {
        var reply =
            post(
                each.getKey(),
                "{\"worker\":\"w\",\"id\":\"%s\",\"token\":\"t\",%s}"
                    .formatted(task.id(), each.getValue()));
        assertThat(reply.statusCode()).as(each.getKey() + reply.body()).isEqualTo(409);
        assertThat(TestServer.error(reply).get("code").asText()).isEqualTo("lease_stale");
      }
    }
    assertThat(server.dispatcher.settled).isEmpty();
    var reply =
        post(
            "settle",
            "{\"worker\":\"w\",\"id\":\"%s\",\"token\":\"t\",\"outcome\":\"postpone\"}"
                .formatted(own.id()));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(server.dispatcher.settled)
        .singleElement()
        .satisfies(settled -> assertThat(settled.far()).isTrue())
        .extracting(SettleTask::id)
        .isEqualTo(own.id());
  }
}
