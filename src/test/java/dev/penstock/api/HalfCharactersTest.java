package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Half a surrogate pair, which JSON can say and UTF-8 cannot: U+FFFD stands in its place. */
final class HalfCharactersTest {
  private static final String HIGH = "\\ud83d";
  private static final String LOW = "\\ude00";

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  /** As it reads: characters beyond the first plane are kept as escapes. */
  private static String input(TaskSpec spec) throws Exception {
    var json = new ObjectMapper();
    return json.writer().writeValueAsString(json.readTree(spec.input()));
  }

  @Test
  void aTaskIsTakenWithTheReplacementInItsPlace() throws Exception {
    var reply =
        server.post(
            "/v1/tasks",
            "{\"type\":\"ping\",\"input\":{\"a%s\":[\"%s%s\",\"%s\"]},\"metadata\":{\"k%s\":\"%sv\"}}"
                .formatted(HIGH, HIGH, LOW, LOW + HIGH, HIGH, LOW));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(202);
    TaskSpec spec = server.submitted();
    assertThat(input(spec)).isEqualTo("{\"a\ufffd\":[\"😀\",\"\ufffd\ufffd\"]}");
    assertThat(spec.metadata()).isEqualTo(Map.of("k\ufffd", "\ufffdv"));
    var shown = server.get("/v1/tasks/" + spec.id());
    assertThat(json(shown).at("/metadata/k\ufffd").asText()).isEqualTo("\ufffdv");
  }

  @Test
  void aBackslashBeforeAnEscapeIsNoPartOfIt() throws Exception {
    server.post(
        "/v1/tasks", "{\"type\":\"ping\",\"input\":{\"a\":\"\\\\ud83d \\\\\\ud83d\\ufffd\"}}");
    assertThat(input(server.submitted())).isEqualTo("{\"a\":\"\\\\ud83d \\\\\ufffd\ufffd\"}");
  }

  @Test
  void textsAreEmbedded() throws Exception {
    for (String path : List.of("/v1/embeddings", "/api/v1/embedding")) {
      var body =
          "{\"input\":[\"a%s\",\"%s%s\"],\"text\":\"a%s\",\"user\":\"%s\"}"
              .formatted(HIGH, HIGH, LOW, LOW, HIGH);
      if (path.startsWith("/api")) {
        body = "{\"text\":\"a" + HIGH + "\"}";
      }
      var reply = server.post(path, body);
      assertThat(reply.statusCode()).as(path + reply.body()).isLessThan(300);
    }
    assertThat(server.dispatcher.tasks.values())
        .extracting(task -> new String(task.spec().input(), StandardCharsets.UTF_8))
        .anyMatch(text -> text.contains("[\"a\ufffd\",\"\\uD83D\\uDE00\"]"))
        .anyMatch(text -> text.contains("\"a\ufffd\""));
  }

  @Test
  void nothingThatIsAskedForFailsOfIt() throws Exception {
    String utf8 = "%ED%A0%BD"; // as some write it all the same
    assertThat(server.get("/v1/tasks?q=" + utf8).statusCode()).isEqualTo(200);
    for (String path :
        List.of(
            "/v1/tasks/",
            "/v1/models/",
            "/v1/queues/",
            "/api/v1/embedding/",
            "/v1/tasks/" + utf8 + "/")) {
      assertThat(server.get(path + utf8).statusCode()).as(path).isEqualTo(404);
    }
    for (String query : List.of("type=" + utf8, "model=" + utf8, "q=" + utf8 + "&type=ping")) {
      assertThat(server.get("/v1/tasks?" + query).statusCode()).as(query).isEqualTo(200);
    }
    var named = server.get("/v1/tasks?" + utf8 + "=1");
    assertThat(named.statusCode()).isEqualTo(400);
    for (String what : List.of("cancel", "retry")) {
      var reply = server.post("/v1/tasks/" + what, "{\"q\":\"" + HIGH + "\"}");
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    }
    var unknown = server.post("/v1/tasks", "{\"type\":\"" + HIGH + "\"}");
    assertThat(unknown.statusCode()).isEqualTo(400);
    assertThat(error(unknown).get("param").asText()).isEqualTo("type");
    var key =
        server.post(
            "/v1/keys", "{\"owner\":\"o\",\"scopes\":[\"client\"],\"label\":\"a" + HIGH + "\"}");
    assertThat(json(key).get("label").asText()).as(key.body()).isEqualTo("a\ufffd");
  }

  @Test
  void whatHasOneFromElsewhereIsToldAllTheSame() throws Exception {
    server.post("/v1/tasks", "{\"type\":\"ping\"}");
    server.dispatcher.tasks.replaceAll(
        (_, task) -> ScriptedDispatcher.with(Map.of("made by a handler \ud83d", "\ude00"), task));
    String id = server.submitted().id().value();
    for (String path : List.of("/v1/tasks", "/v1/tasks/" + id)) {
      var reply = server.get(path);
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.body()).contains("\"made by a handler \ufffd\":\"\ufffd\"");
    }
  }

  @Test
  void aHandlersResultWithOneIsToldAllTheSame() throws Exception {
    server.dispatcher.script =
        _ ->
            new ScriptedDispatcher.Script.End(
                TaskState.COMPLETED,
                new TaskOutput(
                    TaskOutput.Format.JSON,
                    "{\"a\\uD83D\": [1.0E5, \"\\ud83d\\ude00 \\\\ud83d\"]}"
                        .getBytes(StandardCharsets.UTF_8)),
                null);
    var reply = server.post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":20}");
    assertThat(reply.body())
        .as("all else is as it was written")
        .contains("{\"a\\ufffd\": [1.0E5, \"\\ud83d\\ude00 \\\\ud83d\"]}");
    String id = json(reply).get("id").asText();
    assertThat(server.get("/v1/tasks/" + id + "/result").body()).startsWith("{\"a\\ufffd\": ");
  }

  @Test
  void aTaskOfAListThatCannotBeReadIsNamedAndSinksNoOther() throws Exception {
    String deep = "[".repeat(40) + "]".repeat(40);
    var reply =
        server.post(
            "/v1/tasks",
            """
            [{"type":"ping","metadata":{"a":"%s"}},
             {"type":"ping","priority":1e999},
             {"type":"ping","type":"ping"},
             {"type":"ping","input":%s},
             5,
             {"type":"nothing"},
             {"type":"ping"}]
            """
                .formatted(HIGH, deep));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(202);
    JsonNode data = json(reply).get("data");
    assertThat(data).hasSize(7);
    for (int kept : new int[] {0, 6}) {
      assertThat(data.get(kept).get("status").asText()).isEqualTo("pending");
    }
    for (int refused = 1; refused < 6; refused++) {
      assertThat(data.get(refused).get("index").asInt()).isEqualTo(refused);
    }
    assertThat(data.at("/1/error/param").asText()).isEqualTo("[1]");
    assertThat(data.at("/1/error/message").asText()).contains("[1]").contains("out of range");
    assertThat(data.at("/2/error/message").asText()).contains("repeats a key");
    assertThat(data.at("/3/error/message").asText()).contains("32 levels");
    assertThat(data.at("/5/error/param").asText()).isEqualTo("type");
    assertThat(server.dispatcher.tasks).hasSize(2);
  }

  @Test
  void aListThatIsNoJsonIsRefusedAsAWhole() throws Exception {
    for (String body :
        List.of("[{\"type\":\"ping\"},", "[{\"type\":\"ping\"}] 1", "[{\"type\":\"ping\"} 1]")) {
      var reply = server.post("/v1/tasks", body);
      assertThat(reply.statusCode()).as(body).isEqualTo(400);
      assertThat(error(reply).get("message").asText()).startsWith("The body is not valid JSON");
    }
    String many = "[" + "1,".repeat(1_000) + "1]";
    assertThat(error(server.post("/v1/tasks", many)).get("message").asText())
        .contains("1 to 1000 tasks");
    assertThat(server.dispatcher.tasks).isEmpty();
  }
}
