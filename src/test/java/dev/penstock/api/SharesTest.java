package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.Scope;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One key takes all it can get of what all use, and its neighbours are served. */
@Timeout(120)
final class SharesTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String BODY = "{\"input\":\"a\"}";

  private final List<Socket> open = new ArrayList<>();
  private @Nullable TestServer server;

  @AfterEach
  void stop() throws Exception {
    for (Socket each : open) {
      each.close();
    }
    server().close();
  }

  private TestServer server() {
    if (server == null) {
      throw new IllegalStateException("not started");
    }
    return server;
  }

  private void start(Map<String, String> settings) throws Exception {
    server = new TestServer(settings);
  }

  private HttpResponse<String> post(String key, String path, String json) throws Exception {
    return server()
        .send(
            server()
                .stranger(path)
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
  }

  private Socket open(String head, String body) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server().port());
    socket.setSoTimeout((int) LIMIT.toMillis());
    open.add(socket);
    socket.getOutputStream().write((head + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String head(String start, String key, String... more) {
    return start
        + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        + key
        + (more.length == 0 ? "" : "\r\n" + String.join("\r\n", more));
  }

  /** The status line of the answer. */
  private static String status(Socket socket) throws IOException {
    return String.valueOf(
        new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
            .readLine());
  }

  @Test
  void aKeyThatHoldsAllRequestsOpenLeavesSomeToItsNeighbours() throws Exception {
    start(Map.of("http.max-held-requests", "40", "embedding.direct", "false"));
    server().dispatcher.script = _ -> new Script.Stay();
    for (int i = 0; i < 36; i++) {
      open.add(server().hold("{\"input\":\"" + i + "x\"}"));
    }
    Await.until("they are held", LIMIT, () -> server().dispatcher.tasks.size() == 36);

    HttpResponse<String> over = server().post("/v1/embeddings", BODY);
    assertThat(over.statusCode()).isEqualTo(429);
    assertThat(error(over).get("code").asText()).isEqualTo("share_used");
    assertThat(error(over).get("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error(over).get("message").asText()).contains("requests held open", "36");
    assertThat(header(over, "Retry-After")).isEqualTo("1");

    server().dispatcher.script = ScriptedDispatcher::complete;
    String neighbour = server().key("neighbour", Scope.CLIENT);
    assertThat(post(neighbour, "/v1/embeddings", BODY).statusCode()).isEqualTo(200);
    assertThat(server().get("/v1/models").statusCode()).as("what holds nothing").isEqualTo(200);
  }

  @Test
  void fiveHundredHeldRequestsOfOneKeyAreAsGoodAsEver() throws Exception {
    start(Map.of("embedding.direct", "false", "http.abandon-after", "60s"));
    server().dispatcher.script = _ -> new Script.Stay();
    for (int i = 0; i < 500; i++) {
      open.add(server().hold("{\"input\":\"" + i + "x\"}"));
    }
    Await.until("all are held", LIMIT, () -> server().dispatcher.tasks.size() == 500);
  }

  @Test
  void placesComeBackWhenHeldRequestsAreLeft() throws Exception {
    start(
        Map.of(
            "http.max-held-requests", "40",
            "shares.held-requests", "2",
            "embedding.direct", "false",
            "http.abandon-after", "0s"));
    server().dispatcher.script = _ -> new Script.Stay();
    for (int round = 0; round < 3; round++) {
      int before = server().dispatcher.tasks.size();
      String text = "{\"input\":\"" + round;
      try (Socket _ = server().hold(text + "a\"}");
          Socket _ = server().hold(text + "b\"}")) {
        Await.until("both are held", LIMIT, () -> server().dispatcher.tasks.size() == before + 2);
        assertThat(server().post("/v1/embeddings", text + "c\"}").statusCode()).isEqualTo(429);
      }
      Await.until(
          "their places are free",
          LIMIT,
          () -> server().verticle().shares().all().getFirst().used() == 0);
    }
  }

  @Test
  void aWorkerKeyThatWaitsOnAllLanesLeavesAnotherWorkerItsTask() throws Exception {
    start(Map.of("http.max-connections-per-address", "4000"));
    String greedy = server().key("greedy", Scope.WORKER);
    String other = server().key("other", Scope.WORKER);
    String lanes =
        "\"lanes\":[\"ping\",\"embedding.all-minilm-l6-v2\",\"embedding.bge-small-en-v1.5-q\"]";
    String poll = "{\"worker\":\"g\",\"wait_seconds\":30," + lanes + "}";
    String head = head("POST /v1/worker/lease", greedy, "Content-Length: " + poll.length());
    for (int i = 0; i < 614; i++) {
      open(head, poll);
    }
    String asking = poll.replace("30", "0");
    HttpResponse<String> over = post(greedy, "/v1/worker/lease", asking);
    while (over.statusCode() != 429) {
      assertThat(open.size()).as("there is a bound").isLessThan(1_500);
      open(head, poll);
      over = post(greedy, "/v1/worker/lease", asking);
    }
    assertThat(error(over).get("message").asText()).contains("lanes that workers wait on");

    // The greedy one's waits take their time still: without it they would keep the machine busy.
    Function<LeaseTasks, Leased> none = server().dispatcher.leases;
    server().dispatcher.leases =
        request ->
            request.worker().equals("o") ? new Leased(List.of(task()), false) : none.apply(request);
    HttpResponse<String> leased = post(other, "/v1/worker/lease", poll.replace("\"g\"", "\"o\""));
    assertThat(leased.statusCode()).as(leased.body()).isEqualTo(200);
    assertThat(json(leased).get("leases")).hasSize(1);
  }

  private static LeasedTask task() {
    TaskSpec spec = TestTasks.task(new Lane("ping", null));
    Instant now = Instant.now();
    var task = new Task(spec, TaskState.PROCESSING, 0, 0, null, now, now, null, "o", null, null);
    return new LeasedTask(task, new Lease(spec.id(), "token", now.plusSeconds(30)));
  }

  @Test
  void aKeyThatSendsManySlowBodiesLeavesMemoryForItsNeighbours() throws Exception {
    start(Map.of("http.read-timeout", "100s"));
    slowBodies("Content-Length: " + MIB * 4, "");
  }

  @Test
  void aKeyThatDoesNotSayHowLongItsSlowBodiesAreIsCountedAllTheSame() throws Exception {
    start(Map.of("http.read-timeout", "100s"));
    slowBodies("Transfer-Encoding: chunked", Integer.toHexString(MIB * 4) + "\r\n");
  }

  private static final int MIB = 1 << 20;

  private void slowBodies(String framing, String before) throws Exception {
    String head = head("POST /v1/embeddings", TestServer.KEY, framing);
    byte[] most = " ".repeat(4 * MIB - 1).getBytes(StandardCharsets.US_ASCII);
    Socket last = open(head, before);
    while (sendsAll(last.getOutputStream(), most) && last.getInputStream().available() == 0) {
      assertThat(open.size()).as("there is a bound").isLessThan(5_000);
      last = open(head, before);
    }
    assertThat(status(last)).isIn("HTTP/1.1 429 Too Many Requests", "null");

    String neighbour = server().key("neighbour", Scope.CLIENT);
    String much = "{\"input\":\"a\",\"user\":\"" + "x".repeat(2 * MIB) + "\"}";
    HttpResponse<String> answer = post(neighbour, "/v1/embeddings", much);
    assertThat(answer.statusCode()).as(answer.body()).isNotIn(503, 429, 413);
    for (Socket each : open) {
      each.close();
    }
    Await.until("all is given back", LIMIT, () -> server().verticle().bytesOfBodies() == 0);
    assertThat(
            server().verticle().shares().all().stream()
                .filter(share -> share.name().equals("body_bytes"))
                .findFirst()
                .orElseThrow()
                .used())
        .isZero();
  }

  private static boolean sendsAll(OutputStream out, byte[] bytes) {
    try {
      out.write(bytes);
      return true;
    } catch (SocketException e) {
      return false; // it was answered and closed before
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aKeyThatKeepsAllConnectionsOfAnAddressLeavesSomeToOthersBehindIt() throws Exception {
    start(Map.of("http.max-connections-per-address", "40"));
    String head = head("GET /v1/models", TestServer.KEY);
    String answer = "";
    while (!answer.contains(" 429 ") && open.size() < 40) {
      answer = status(open(head, ""));
    }
    assertThat(answer).contains(" 429 ");
    assertThat(open.size()).isBetween(30, 39);
    assertThat(open.getLast().getInputStream().readAllBytes()).as("it is closed").isNotNull();
    String neighbour = server().key("neighbour", Scope.CLIENT);
    assertThat(status(open(head("GET /v1/models", neighbour), ""))).contains(" 200 ");
  }

  @Test
  void aConnectionThatAProxyUsesForManyKeysIsTheLastOnes() throws Exception {
    start(Map.of("http.max-connections-per-address", "40"));
    String neighbour = server().key("neighbour", Scope.CLIENT);
    for (int i = 0; i < 39; i++) {
      Socket socket = open(head("GET /v1/models", TestServer.KEY), "");
      var in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      assertThat(in.readLine()).contains(" 200 ");
      if (i < 20) {
        socket
            .getOutputStream()
            .write(
                (head("GET /v1/models", neighbour) + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        assertThat(in.lines().anyMatch(line -> line.endsWith("HTTP/1.1 200 OK"))).isTrue();
      }
    }
  }
}
