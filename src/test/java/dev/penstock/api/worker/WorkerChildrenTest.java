package dev.penstock.api.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.TestServer;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.EndedChildren.Child;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class WorkerChildrenTest {
  private static final TaskId PARENT = TaskId.random();
  private static final TaskId CHILD = TaskId.random();

  private final List<FindChildren> asked = new CopyOnWriteArrayList<>();
  private TestServer server;
  private volatile Set<TaskId> lost = Set.of();

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
    server.serve(ExtendLeases.class, _ -> lost);
    server.serve(
        FindChildren.class,
        request -> {
          asked.add(request);
          var child =
              new Child(CHILD, "k", TaskState.COMPLETED, TaskOutput.json("{\"is\": 1.10}"), null);
          return new EndedChildren(List.of(child), false, 2);
        });
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private static String body(String more) {
    return "{\"worker\":\"w\",\"id\":\"%s\",\"token\":\"t\"%s}".formatted(PARENT, more);
  }

  @Test
  void whoHoldsTheLeaseIsToldOfTheChildren() throws Exception {
    var reply =
        server.post("/v1/worker/children", body(",\"after\":\"" + CHILD + "\",\"limit\":7"));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(reply.body()).contains("\"result\":{\"is\": 1.10}");
    JsonNode page = TestServer.json(reply);
    assertThat(page.at("/children/0/id").asText()).isEqualTo(CHILD.value());
    assertThat(page.at("/children/0/key").asText()).isEqualTo("k");
    assertThat(page.at("/children/0/status").asText()).isEqualTo("completed");
    assertThat(page.path("more").asBoolean()).isFalse();
    assertThat(page.path("open").asInt()).isEqualTo(2);
    assertThat(asked).containsExactly(new FindChildren(PARENT, "t", CHILD, 7));
  }

  @Test
  void nobodyElseIs() throws Exception {
    lost = Set.of(PARENT);
    var reply = server.post("/v1/worker/children", body(""));
    assertThat(reply.statusCode()).isEqualTo(409);
    assertThat(TestServer.error(reply).path("code").asText()).isEqualTo("lease_stale");
    assertThat(asked).isEmpty();
  }
}
