package dev.penstock.api;

import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.base.ParsedJson;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskOutput.Format;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Results of megabytes: they come as their client reads, and what they hold is given back. */
final class LongReplyTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int MIB = 1 << 20;

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  /** A task whose result is a text of so many bytes. */
  private String task(int bytes, String filling) throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    String id =
        json(server.post("/v1/tasks", "{\"type\":\"ping\",\"input\":{}}")).get("id").asText();
    String text = "\"" + filling.repeat(bytes / filling.length()) + "\"";
    server.dispatcher.end(
        new TaskId(id),
        TaskState.COMPLETED,
        new TaskOutput(Format.JSON, text.getBytes(UTF_8)),
        null);
    return id;
  }

  private void awaitNothingHeld() throws Exception {
    Await.until("nothing is held", LIMIT, () -> server.verticle().bytesOfReplies() == 0);
  }

  private Socket asks(String path) throws Exception {
    var socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    socket.setSoTimeout((int) LIMIT.toMillis());
    String head =
        "GET %s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\n\r\n"
            .formatted(path, TestServer.KEY);
    socket.getOutputStream().write(head.getBytes(US_ASCII));
    return socket;
  }

  private static String status(Socket socket) throws Exception {
    byte[] head = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
    return new String(head, US_ASCII).substring("HTTP/1.1 ".length());
  }

  @Test
  void aLongResultComesWholeInPortions() throws Exception {
    for (String filling : new String[] {"a", "é", "\uD83D\uDE00", "\\ud83d\\ude00", "\\ud83d-"}) {
      String id = task(3 * MIB, filling);
      var result = server.get("/v1/tasks/" + id + "/result");
      assertThat(result.statusCode()).isEqualTo(200);
      assertThat(header(result, "X-Task-Id")).isEqualTo(id);
      assertThat(header(result, "Content-Length")).isEqualTo("(absent)");
      String text = json(result).asText();
      String once = filling.replace("\\ud83d\\ude00", "\uD83D\uDE00").replace("\\ud83d", "\ufffd");
      assertThat(text).isEqualTo(once.repeat(3 * MIB / filling.length()));
      assertThat(json(server.get("/v1/tasks/" + id)).get("result").asText()).isEqualTo(text);
    }
    awaitNothingHeld();
  }

  @Test
  void aShortResultComesAtOnceWithItsLength() throws Exception {
    var result = server.get("/v1/tasks/" + task(20_000, "a") + "/result");
    assertThat(header(result, "Content-Length")).isEqualTo("20002");
    awaitNothingHeld();
  }

  @Test
  void aLongResultIsPackedForWhoReadsGzip() throws Exception {
    String id = task(3 * MIB, "a1b2");
    try (var client = HttpClient.newHttpClient()) {
      var packed =
          client.send(
              server
                  .request("/v1/tasks/" + id + "/result")
                  .header("Accept-Encoding", "gzip")
                  .build(),
              BodyHandlers.ofByteArray());
      assertThat(header(packed, "Content-Encoding")).isEqualTo("gzip");
      assertThat(header(packed, "Vary")).isEqualTo("Accept-Encoding");
      try (var in = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
        assertThat(in.readAllBytes()).hasSize(3 * MIB + 2);
      }
    }
    awaitNothingHeld();
  }

  @Test
  void anOlderClientReadsALongResultUntilTheConnectionEnds() throws Exception {
    String head =
        "GET %s HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer %s\r\n\r\n"
            .formatted("/v1/tasks/" + task(3 * MIB, "a") + "/result", TestServer.KEY);
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.getOutputStream().write(head.getBytes(US_ASCII));
      String all = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      assertThat(all).contains(" 200 ").endsWith("\r\n\r\n\"" + "a".repeat(3 * MIB) + "\"");
    }
    awaitNothingHeld();
  }

  @Test
  void whoAsksForTheHeadAloneHasThat() throws Exception {
    String id = task(3 * MIB, "a");
    var head =
        server.send(
            server.request("/v1/tasks/" + id + "/result").method("HEAD", BodyPublishers.noBody()));
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    awaitNothingHeld();
  }

  @Test
  void manyVectorsComeAsTheyAreRead() throws Exception {
    String texts = "\"a\"" + ",\"a\"".repeat(599);
    var floats = server.post("/v1/embeddings", "{\"input\":[" + texts + "]}");
    assertThat(json(floats).get("data")).hasSize(600);
    assertThat(header(floats, "Content-Length")).isEqualTo("(absent)");
    assertThat(header(floats, "x-total-ms")).isNotEqualTo("(absent)");
    var one = server.post("/v1/embeddings", "{\"input\":[\"a\"]}");
    assertThat(json(one).at("/data/0")).isEqualTo(json(floats).at("/data/0"));
    awaitNothingHeld();
  }

  @Test
  void slowReadersHoldNoMoreThanThereIsRoomForAndOthersGoOn() throws Exception {
    String path = "/v1/tasks/" + task(14 * MIB, "a") + "/result";
    // As much as they ask for: theirs are counted twice while they are read.
    byte[] text = ("\"" + "b".repeat(28 * MIB + 2) + "\"").getBytes(US_ASCII);
    List<Socket> slow = new ArrayList<>();
    try {
      // Until one is told that there is no room: what the others hold is counted.
      String status = "200";
      while (status.equals("200")) {
        Socket socket = asks(path);
        slow.add(socket);
        status = status(socket);
        assertThat(slow.size()).isLessThan(1_000);
      }
      assertThat(status).isEqualTo("503");
      var refused = server.get(path);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(header(refused, "Retry-After")).isEqualTo("1");
      assertThat(TestServer.error(refused).get("code").asText()).isEqualTo("overloaded");

      // Whose task has ended, without room for its result, learns where that is.
      server.dispatcher.script =
          _ -> new Script.End(TaskState.COMPLETED, new TaskOutput(Format.JSON, text), null);
      var ended = server.post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":9,\"input\":{}}");
      assertThat(ended.statusCode()).isEqualTo(503);
      String made = json(ended).get("id").asText();
      assertThat(server.dispatcher.tasks).containsKey(new TaskId(made));
      assertThat(header(ended, "X-Task-Id")).isEqualTo(made);

      server.dispatcher.script = _ -> new Script.Stay();
      var neighbours = server.post("/v1/tasks", "{\"type\":\"ping\",\"input\":{\"n\":1}}");
      assertThat(neighbours.statusCode()).isEqualTo(202);
      String id = json(neighbours).get("id").asText();
      assertThat(server.get("/v1/tasks/" + id).statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    awaitNothingHeld();
    assertThat(json(server.get(path)).asText()).hasSize(14 * MIB);
  }

  @Test
  void aBodyForWhichThereIsNoRoomIsToldToComeAgainAndSmallOnesAreRead() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    String wide = "{\"type\":\"ping\",\"input\":{\"x\":[[]" + ",[]".repeat(20_000) + "]}}";
    long all = ParsedJson.REQUESTS.size();
    assertThat(ParsedJson.REQUESTS.take(all)).isTrue(); // as if others had it
    try {
      var refused = server.post("/v1/tasks", wide);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(header(refused, "Retry-After")).isEqualTo("1");
      assertThat(TestServer.error(refused).get("code").asText()).isEqualTo("overloaded");
      String ping = "{\"type\":\"ping\",\"input\":{}}";
      assertThat(server.post("/v1/tasks", ping).statusCode()).isEqualTo(202);
    } finally {
      ParsedJson.REQUESTS.give(all);
    }
    assertThat(server.post("/v1/tasks", wide).statusCode()).isEqualTo(202);
    Await.until("nothing is taken", LIMIT, () -> ParsedJson.REQUESTS.taken() == 0);
    assertThat(server.verticle().bytesOfBodies()).isZero();
  }

  @Test
  void whoWaitsForATaskKeepsNoTreeOfItsBody() throws Exception {
    server.dispatcher.script = _ -> new Script.Stay();
    String wide = "[[]" + ",[]".repeat(20_000) + "]";
    String task = "{\"type\":\"ping\",\"wait_seconds\":20,\"input\":{\"x\":" + wide + "}}";
    var answer = CompletableFuture.supplyAsync(() -> posted(task));
    Await.until("it waits", LIMIT, () -> !server.dispatcher.tasks.isEmpty());
    Await.until(
        "no more than its text is taken",
        LIMIT,
        () -> ParsedJson.REQUESTS.taken() <= task.length());
    server.dispatcher.end(
        server.dispatcher.tasks.keySet().iterator().next(), TaskState.CANCELLED, null, null);
    assertThat(answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(200);
    Await.until("nothing is taken", LIMIT, () -> ParsedJson.REQUESTS.taken() == 0);
  }

  private int posted(String task) {
    try {
      return server.post("/v1/tasks", task).statusCode();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
