package dev.penstock.api.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.TestServer;
import dev.penstock.task.TaskId;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class WorkerPiecesTest {
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static HttpResponse<String> post(TaskId id, String members) throws Exception {
    return server.post(
        "/v1/worker/pieces",
        "{\"worker\":\"w\",\"id\":\"" + id + "\",\"token\":\"t\"," + members + "}");
  }

  @Test
  void whatAWorkerSendsIsTakenOnceAndKnownToTheNextRun() throws Exception {
    TaskId id = TaskId.random();
    assertThat(post(id, "\"offset\":0,\"pieces\":[1.50, {\"i\": 1}]").statusCode()).isEqualTo(200);
    assertThat(post(id, "\"offset\":1,\"pieces\":[{\"i\": 1}, \"\u00fc\"]").statusCode())
        .isEqualTo(200);
    var heard = post(id, "\"run\":2,\"heard_from\":0");
    assertThat(heard.body()).contains("\"heard\":[1.50,{\"i\": 1},\"\u00fc\"]");
    assertThat(post(id, "\"run\":2,\"resumed\":true,\"offset\":3,\"pieces\":[4]").statusCode())
        .isEqualTo(200);
    var late = post(id, "\"run\":1,\"offset\":3,\"pieces\":[3]");
    assertThat(late.statusCode()).as("the next run has begun").isEqualTo(409);
    assertThat(TestServer.error(late).path("code").asText()).isEqualTo("lease_stale");
  }

  @Test
  void whatIsWrongIsNamed() throws Exception {
    var wrong =
        Map.of(
            "\"offset\":-1",
            "offset",
            "\"pieces\":7",
            "pieces",
            "\"pieces\":[\"" + "x".repeat(66_000) + "\"]",
            "pieces[0]",
            "\"end\":1",
            "end",
            "\"resumed\":\"yes\"",
            "resumed",
            "\"heard_from\":\"a\"",
            "heard_from",
            "\"more\":1",
            "more");
    for (var each : wrong.entrySet()) {
      var refused = post(TaskId.random(), each.getKey());
      assertThat(refused.statusCode()).as(each.getKey()).isEqualTo(400);
      assertThat(TestServer.error(refused).path("param").asText()).isEqualTo(each.getValue());
    }
  }
}
