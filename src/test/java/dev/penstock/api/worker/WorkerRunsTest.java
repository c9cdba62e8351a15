package dev.penstock.api.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.TestServer;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import dev.penstock.testing.Await;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class WorkerRunsTest {
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static Outcome settled(String members) throws Exception {
    TaskId id = TaskId.random();
    var reply =
        server.post(
            "/v1/worker/settle", "{\"id\":\"" + id.value() + "\",\"token\":\"t\"," + members + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return server.dispatcher.settled.stream()
        .filter(each -> each.id().equals(id))
        .map(SettleTask::outcome)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aWorkerMayPostponeForAsLongAsAHandlerOnANode() throws Exception {
    assertThat(settled("\"outcome\":\"postpone\",\"delay_seconds\":2592000"))
        .isEqualTo(new Outcome.Postpone(Duration.ofDays(30)));
    assertThat(settled("\"outcome\":\"postpone\",\"delay_seconds\":1.5"))
        .isEqualTo(new Outcome.Postpone(Duration.ofMillis(1_500)));
    assertThat(settled("\"outcome\":\"postpone\"")).isEqualTo(new Outcome.Postpone(Duration.ZERO));
  }

  @Test
  void aWorkerMaySayEveryCodeThatIsNotTheServersOwn() throws Exception {
    for (Code code : Code.values()) {
      String error =
          "\"outcome\":\"retry\",\"error\":{\"code\":\"%s\",\"message\":\"m\"}"
              .formatted(code.json());
      if (code.ofRuns()) {
        assertThat(settled(error)).isEqualTo(new Outcome.Retry(new TaskError(code, "m")));
      } else {
        var refused =
            server.post(
                "/v1/worker/settle",
                "{\"id\":\"" + TaskId.random().value() + "\",\"token\":\"t\"," + error + "}");
        assertThat(refused.statusCode()).as(code.json()).isEqualTo(400);
        assertThat(TestServer.error(refused).path("param").asText()).isEqualTo("error.code");
        assertThat(TestServer.error(refused).path("message").asText())
            .contains("context_length_exceeded, handler_failed, ");
      }
    }
  }

  private static String started(double at) {
    return "\"worker\":\"w\",\"figures\":{\"started_at\":" + at + "}";
  }

  private static boolean drained(String members) throws Exception {
    var reply = server.post("/v1/worker/extend", "{" + members + ",\"leases\":[]}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return TestServer.json(reply).path("drain").asBoolean();
  }

  @Test
  void aDrainIsForTheWorkerThatRunsAndNotForTheNextOfItsName() throws Exception {
    double first = 1_763_780_000.123; // as the scripted dispatcher's worker
    assertThat(drained(started(first))).isFalse();
    assertThat(server.post("/v1/workers/w/drain", "").statusCode()).isEqualTo(202);
    Await.until("the order has come", Duration.ofSeconds(10), () -> drained(started(first)));
    assertThat(drained(started(first + 1))).isFalse();
    assertThat(drained(started(first))).isTrue();
    assertThat(drained("\"worker\":\"w\"")).isTrue();
    assertThat(drained(started(first + 1))).isFalse();
  }

  @Test
  void whoTakesTheNameOfAWorkerThatHasStoppedIsAnotherOne() throws Exception {
    String first = "\"worker\":\"goes\",\"figures\":{\"started_at\":17}";
    assertThat(drained(first + ",\"stopping\":true")).isTrue();
    assertThat(drained(first + ",\"stopped\":true")).isFalse();
    assertThat(drained("\"worker\":\"goes\"")).isFalse();
    assertThat(drained("\"worker\":\"goes\",\"figures\":{\"started_at\":18}")).isFalse();
  }

  @Test
  void heldPollsOfAWorkerThatStopsAreAnswered() throws Exception {
    String self = "\"worker\":\"stops\",\"figures\":{\"started_at\":17}";
    var poll =
        server
            .request("/v1/worker/lease")
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{" + self + ",\"lanes\":[\"ping\"],\"wait_seconds\":20}"))
            .build();
    int before = server.dispatcher.asked.get();
    try (var client = HttpClient.newHttpClient()) {
      var held = client.sendAsync(poll, HttpResponse.BodyHandlers.ofString());
      Await.until(
          "it is held", Duration.ofSeconds(10), () -> server.dispatcher.asked.get() > before + 1);
      assertThat(held).isNotDone();
      assertThat(drained(self + ",\"stopping\":true")).isTrue();
      JsonNode answer = TestServer.json(held.get(5, TimeUnit.SECONDS));
      assertThat(answer.path("leases")).isEmpty();
      assertThat(answer.path("drain").asBoolean()).isTrue();
    }
    assertThat(drained("\"worker\":\"stops\",\"figures\":{\"started_at\":18}")).isFalse();
  }
}
