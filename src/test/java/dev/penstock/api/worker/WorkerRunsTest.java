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
import java.util.List;
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
      assertThat(settled(error))
          .isEqualTo(
              new Outcome.Retry(
                  code.ofRuns()
                      ? new TaskError(code, "m")
                      : new TaskError(Code.HANDLER_FAILED, code.json() + ": m")));
    }
  }

  private static TaskError failed(String error) throws Exception {
    return ((Outcome.Retry) settled("\"outcome\":\"retry\"" + error)).error();
  }

  @Test
  void aFailedRunCountsHoweverItsErrorIsPut() throws Exception {
    var none = new TaskError(Code.HANDLER_FAILED, "no reason was given");
    for (String nothing :
        List.of("", ",\"error\":null", ",\"error\":{}", ",\"error\":{\"message\":\"\"}")) {
      assertThat(failed(nothing)).as(nothing).isEqualTo(none);
    }
    assertThat(failed(",\"error\":{\"message\":\"" + "x".repeat(30_000) + "\"}").message())
        .isEqualTo("x".repeat(2_000) + "…");
    assertThat(failed(",\"error\":\"boom\"").message()).isEqualTo("boom");
    assertThat(failed(",\"error\":{\"message\":[1],\"trace\":{}}").message()).isEqualTo("[1]");
    assertThat(failed(",\"error\":{\"message\":\"a\\u0000b\\ud83d\"}").message())
        .isEqualTo("a\ufffdb\ufffd");
    assertThat(failed(",\"error\":{\"code\":\"no_such_code\",\"message\":\"m\"}"))
        .isEqualTo(new TaskError(Code.HANDLER_FAILED, "no_such_code: m"));
    assertThat(failed(",\"error\":{\"code\":5}").message()).isEqualTo("5");
    assertThat(settled("\"outcome\":\"reject\",\"error\":{\"code\":\"TIMEOUT\",\"message\":\"m\"}"))
        .isEqualTo(new Outcome.Reject(new TaskError(Code.INVALID_INPUT, "TIMEOUT: m")));
  }

  @Test
  void anOutcomeCountsThoughWhatIsSaidBesideItMakesNoSense() throws Exception {
    for (String wrong :
        List.of(
            "\"checkpoint\":\"!\"",
            "\"read\":[\"x\"]",
            "\"pieces\":-7",
            "\"pieces\":\"many\"",
            "\"worker\":\"\\ud800\"")) {
      assertThat(settled("\"outcome\":\"postpone\"," + wrong))
          .as(wrong)
          .isEqualTo(new Outcome.Postpone(Duration.ZERO));
    }
  }

  @Test
  void oneLeaseThatMakesNoSenseDoesNotCostTheOthers() throws Exception {
    TaskId good = TaskId.random();
    String lease =
        "{\"id\":\"" + good + "\",\"token\":\"t\",\"progress\":{\"done\":9,\"total\":1}}";
    var reply =
        server.post(
            "/v1/worker/extend",
            "{\"worker\":\"w\",\"leases\":[{\"id\":\"?\",\"token\":\"t\"}," + lease + "]}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode leases = TestServer.json(reply).path("leases");
    assertThat(leases).hasSize(1);
    assertThat(leases.path(0).path("id").asText()).isEqualTo(good.value());
    assertThat(leases.path(0).path("status").asText()).isEqualTo("held");
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
