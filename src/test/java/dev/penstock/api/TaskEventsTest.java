package dev.penstock.api;

import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskEventsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
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
    var response =
        client.send(
            server.request("/v1/tasks/" + id + "/events").build(),
            HttpResponse.BodyHandlers.ofInputStream());
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
    int reads = server.dispatcher.briefReads.get();
    // Its head comes with what is new, so it is not waited for here.
    var again =
        client.sendAsync(
            server.request("/v1/tasks/" + id + "/events").header("Last-Event-ID", seen).build(),
            HttpResponse.BodyHandlers.ofInputStream());
    Await.until("it follows", LIMIT, () -> server.dispatcher.briefReads.get() > reads);
    server.dispatcher.end(id, TaskState.CANCELLED, null, null);
    var next = new Stream(again.get(20, TimeUnit.SECONDS).body()).next();
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
}
