package dev.penstock.api;

import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskEventsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private TestServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("shutdown.timeout", "5s"));
    server.dispatcher.script = _ -> new Script.Stay();
  }

  @AfterEach
  void stop() throws Exception {
    client.shutdownNow();
    server.close();
  }

  private TaskId ping() throws Exception {
    return new TaskId(json(server.post("/v1/tasks", "{\"type\":\"ping\"}")).get("id").asText());
  }

  private Stream open(TaskId id) throws Exception {
    return open(id, null);
  }

  /**
   * Opens a stream.
   *
   * @param seen the id of the last event that the client has; null: none
   */
  private Stream open(TaskId id, @Nullable String seen) throws Exception {
    var request = server.request("/v1/tasks/" + id + "/events");
    if (seen != null) {
      request.header("Last-Event-ID", seen);
    }
    var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(TestServer.header(response, "Content-Type")).isEqualTo("text/event-stream");
    return new Stream(response.body());
  }

  /** The fields of each event, in order. */
  private record Stream(BufferedReader lines) {
    Stream(InputStream body) {
      this(new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8)));
    }

    /** The next event; empty at the end. */
    Map<String, String> next() throws IOException {
      var fields = new HashMap<String, String>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty() && !fields.isEmpty()) {
          return fields;
        }
        int colon = line.indexOf(": ");
        if (colon > 0) {
          fields.put(line.substring(0, colon), line.substring(colon + 2));
        }
      }
      return Map.of();
    }
  }

  @Test
  void aTaskIsFollowedToItsEnd() throws Exception {
    TaskId id = ping();
    Stream stream = open(id);
    var first = stream.next();
    assertThat(first.get("event")).isEqualTo("status");
    assertThat(MAPPER.readTree(first.get("data")).get("status").asText()).isEqualTo("pending");

    server.dispatcher.progress(id, null);
    var running = stream.next();
    assertThat(MAPPER.readTree(running.get("data")).get("status").asText()).isEqualTo("processing");
    assertThat(running.get("id")).isNotEqualTo(first.get("id"));

    server.dispatcher.progress(id, new Progress(3, 10, "texts"));
    var progress = stream.next();
    assertThat(progress)
        .isEqualTo(
            Map.of("event", "progress", "data", "{\"done\":3,\"total\":10,\"message\":\"texts\"}"));

    server.dispatcher.end(
        id, TaskState.COMPLETED, ScriptedDispatcher.json(new byte[] {'{', '}'}), null);
    var last = MAPPER.readTree(stream.next().get("data"));
    assertThat(last.get("status").asText()).isEqualTo("completed");
    assertThat(last.has("result")).isFalse();
    assertThat(stream.next()).as("the end").isEmpty();
  }

  @Test
  void whatTheClientHasSeenIsNotRepeated() throws Exception {
    TaskId id = ping();
    String seen = open(id).next().get("id");
    Stream again = open(id, seen); // its head does not wait for news
    server.dispatcher.end(id, TaskState.CANCELLED, null, null);
    var next = again.next();
    assertThat(MAPPER.readTree(next.get("data")).get("status").asText()).isEqualTo("cancelled");
    var over =
        server.send(
            server.request("/v1/tasks/" + id + "/events").header("Last-Event-ID", next.get("id")));
    assertThat(over.statusCode()).as("there will be no more").isEqualTo(204);
  }

  @Test
  void manyWatchersCostNoMoreReadsThanOne() throws Exception {
    TaskId id = ping();
    List<Stream> streams = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      streams.add(open(id));
      streams.getLast().next();
    }
    int before = server.dispatcher.briefReads.get();
    long started = System.nanoTime();
    server.dispatcher.end(id, TaskState.CANCELLED, null, null);
    for (Stream stream : streams) {
      assertThat(stream.next().get("data")).contains("cancelled");
    }
    long looks = (System.nanoTime() - started) / 500_000_000 + 2;
    assertThat(server.dispatcher.briefReads.get() - before).isLessThanOrEqualTo((int) looks);
  }

  @Test
  void aTaskThatIsNoMoreEndsItsStream() throws Exception {
    TaskId id = ping();
    Stream stream = open(id);
    stream.next();
    server.dispatcher.tasks.remove(id);
    assertThat(stream.next()).isEmpty();
  }

  @Test
  void aServerThatStopsEndsItsStreams() throws Exception {
    Stream stream = open(ping());
    stream.next();
    server.verticle().drain();
    assertThat(stream.next()).isEmpty();
  }

  /** The names and data of the next so many events. */
  private static List<String> next(Stream stream, int many) throws IOException {
    List<String> events = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      var event = stream.next();
      events.add(event.get("event") + " " + event.get("data"));
    }
    return events;
  }

  private void complete(TaskId id, String result) {
    byte[] json = result.getBytes(StandardCharsets.UTF_8);
    server.dispatcher.end(id, TaskState.COMPLETED, ScriptedDispatcher.json(json), null);
  }

  @Test
  void piecesAreToldAsTheyComeAndAllOfThemBeforeTheEnd() throws Exception {
    TaskId id = ping();
    Stream stream = open(id);
    stream.next();
    server.dispatcher.emit(id, "{\"i\":0}", "\"Ein \u00fc\"");
    assertThat(next(stream, 2)).containsExactly("piece {\"i\":0}", "piece \"Ein \u00fc\"");
    server.dispatcher.emit(id, "2");
    complete(id, "{}");
    assertThat(next(stream, 1)).containsExactly("piece 2");
    var last = stream.next();
    assertThat(last.get("event")).isEqualTo("status");
    assertThat(last.get("data")).contains("completed");
    assertThat(last.get("id")).endsWith("/1.3");
    assertThat(stream.next()).as("the end").isEmpty();
  }

  @Test
  void whoComesBackIsToldTheNextPieceAndNoneTwice() throws Exception {
    TaskId id = ping();
    Stream stream = open(id);
    stream.next();
    server.dispatcher.emit(id, "0", "1");
    String seen = "";
    for (int i = 0; i < 2; i++) {
      seen = stream.next().get("id");
    }
    assertThat(seen).endsWith("/1.2");
    server.dispatcher.emit(id, "2");
    Stream again = open(id, seen);
    assertThat(next(again, 1)).containsExactly("piece 2");
    complete(id, "{}");
    var last = again.next();
    assertThat(last.get("data")).contains("completed");
    assertThat(
            server
                .send(
                    server
                        .request("/v1/tasks/" + id + "/events")
                        .header("Last-Event-ID", last.get("id")))
                .statusCode())
        .as("there will be no more")
        .isEqualTo(204);
  }

  @Test
  void anIdOfAnOlderServerSaysNothingOfPiecesAndAllAreTold() throws Exception {
    TaskId id = ping();
    String seen = open(id).next().get("id");
    assertThat(seen).doesNotContain("/");
    server.dispatcher.emit(id, "0", "1");
    assertThat(next(open(id, seen), 2)).containsExactly("piece 0", "piece 1");
  }

  @Test
  void whoComesAfterTheEndIsToldEverythingThatIsKept() throws Exception {
    TaskId id = ping();
    server.dispatcher.emit(id, "0", "1");
    complete(id, "{}");
    Stream late = open(id);
    assertThat(next(late, 2)).containsExactly("piece 0", "piece 1");
    assertThat(late.next().get("data")).contains("completed");
  }

  @Test
  void aRunThatBeginsAnewIsToldOf() throws Exception {
    TaskId id = ping();
    Stream stream = open(id);
    stream.next();
    server.dispatcher.emit(id, 1, 0, "0", "1");
    String seen = "";
    for (int i = 0; i < 2; i++) {
      seen = stream.next().get("id");
    }
    server.dispatcher.emit(id, 2, 0, "\"x\"");
    assertThat(next(stream, 2)).containsExactly("restart {\"run\":2}", "piece \"x\"");
    assertThat(next(open(id, seen), 2)).containsExactly("restart {\"run\":2}", "piece \"x\"");
  }

  @Test
  void whatIsMissingIsAGapAndTheWholeResultComesAtTheEnd() throws Exception {
    TaskId id = ping();
    Stream stream = open(id);
    stream.next();
    server.dispatcher.emit(id, 1, 0, "0");
    assertThat(next(stream, 1)).containsExactly("piece 0");
    server.dispatcher.emit(id, 1, 5, "5");
    var gap = stream.next();
    assertThat(gap.get("data")).isEqualTo("{\"from\":1,\"to\":5}");
    assertThat(gap.get("id")).endsWith("/1.5.gap");
    assertThat(next(stream, 1)).containsExactly("piece 5");
    Stream again = open(id, gap.get("id"));
    server.dispatcher.emit(id, 1, 6, "6");
    server.dispatcher.emitted(id, 7);
    complete(id, "{\"whole\": true}");
    assertThat(next(stream, 2))
        .containsExactly("piece 6", "result {\"echo\":{\"whole\": true},\"worker\":\"w\"}");
    assertThat(stream.next().get("data")).contains("completed");
    assertThat(next(again, 3))
        .as("of who was told of the gap before")
        .containsExactly(
            "piece 5", "piece 6", "result {\"echo\":{\"whole\": true},\"worker\":\"w\"}");
  }

  @Test
  void whoWasNotThereWhenThePiecesWereForgottenGetsTheWhole() throws Exception {
    TaskId id = ping();
    server.dispatcher.endUnheard(id, ScriptedDispatcher.json(new byte[] {'7'}));
    Stream back = open(id, "processing.0.0.1.0/1.17");
    assertThat(next(back, 2))
        .containsExactly("gap {\"from\":17}", "result {\"echo\":7,\"worker\":\"w\"}");
    assertThat(back.next().get("data")).contains("completed");
    Stream fresh = open(id);
    assertThat(fresh.next().get("data")).as("nothing was promised").contains("completed");
  }

  @Test
  void aReaderThatDoesNotReadHoldsUpNobody() throws Exception {
    TaskId id = ping();
    Stream slow = open(id);
    Stream quick = open(id);
    slow.next();
    quick.next();
    String piece = "\"" + "x".repeat(1_000) + "\"";
    int all = 20_000;
    for (int i = 0; i < all; i++) {
      server.dispatcher.emit(id, piece);
      if (i % 100 == 99) {
        assertThat(next(quick, 100)).containsOnly("piece " + piece);
      }
    }
    complete(id, "{}");
    assertThat(quick.next().get("data")).contains("completed");
    List<String> told = new ArrayList<>();
    for (var event = slow.next(); !event.isEmpty(); event = slow.next()) {
      told.add(event.get("event"));
    }
    assertThat(told).hasSizeLessThan(all).contains("gap");
    assertThat(told.subList(told.size() - 2, told.size())).containsExactly("result", "status");
  }
}
