package dev.penstock;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client with one key sends and leaves unread costs no more memory than there is. */
final class LargeRepliesIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int SLOW_READERS = 60;
  private static final int WIDE_BODIES = 30;
  private static final int LARGE = 3_500_000;

  private static final Map<String, String> SMALL =
      Map.of("JAVA_TOOL_OPTIONS", "-Xmx256m -XX:+ExitOnOutOfMemoryError");

  @TempDir Path folder;

  private final Queue<String> accepted = new ConcurrentLinkedQueue<>();
  private final AtomicInteger small = new AtomicInteger();

  @Test
  void slowReadersOfLargeResultsAndWideObjectsLeaveRoomForANeighbour() throws Exception {
    try (var penstock = PenstockProcess.start(folder, SMALL);
        var api = penstock.api();
        var other = new Api(penstock.uri(), api.keyOf("neighbour"))) {
      String large = large(api);
      String path = "/v1/tasks/" + large + "/result";
      List<Socket> slow = new ArrayList<>();
      try (var _ = Producers.start(2, () -> neighbour(other))) {
        for (int i = 0; i < SLOW_READERS; i++) {
          slow.add(asks(penstock, "GET " + (i % 2 == 0 ? path : "/v1/tasks/" + large), ""));
        }
        atOnce(WIDE_BODIES, i -> wide(api, i));
        for (int i = 0; i < SLOW_READERS; i++) {
          assertThat(status(slow.get(i))).isIn("200", "429", "503");
        }
        int before = small.get();
        Await.until("the neighbour goes on", LIMIT, () -> small.get() > before + 50);
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
      assertThat(penstock.alive()).as(penstock.log()).isTrue();
      Answer whole = eventually(api, path);
      assertThat(whole.json().at("/echo/text").asText()).hasSize(LARGE);
      assertThat(accepted).as("wide objects that were taken").isNotEmpty();
      for (String id : accepted) {
        Await.until(
            id + " has run",
            LIMIT,
            () ->
                api.get("/v1/tasks?type=ping&status=completed&limit=100")
                    .json()
                    .toString()
                    .contains(id));
      }
      assertThat(penstock.log()).doesNotContain("java.lang.OutOfMemoryError", "internal_error");
      assertThat(penstock.terminate(Duration.ofSeconds(20)))
          .as("requests under way: none")
          .isZero();
    }
  }

  @Test
  void manyLargeListsOfVectorsReadSlowlyLeaveRoomForANeighbour() throws Exception {
    try (var penstock = PenstockProcess.start(folder, SMALL);
        var api = penstock.api();
        var other = new Api(penstock.uri(), api.keyOf("neighbour"))) {
      String input = "\"input\":[\"a\"" + ",\"a\"".repeat(2_047) + "]}";
      String submit = "{\"type\":\"embedding\",\"wait_seconds\":30," + input;
      Answer done = api.post("/v1/tasks", submit, "Idempotency-Key", "/v1/tasks");
      assertThat(done.json().at("/result/data")).hasSize(2_048);
      String task = done.json().path("id").asText();
      List<Socket> slow = new ArrayList<>();
      try (var _ = Producers.start(2, () -> neighbour(other))) {
        for (int i = 0; i < SLOW_READERS; i++) {
          slow.add(
              switch (i % 4) {
                case 0 -> asks(penstock, "GET /v1/tasks/" + task, "");
                case 1 -> asks(penstock, "GET /api/v1/embedding/" + task, "");
                case 2 -> asks(penstock, "POST /v1/tasks", submit);
                default -> asks(penstock, "POST /v1/embeddings", "{" + input);
              });
        }
        for (Socket socket : slow) {
          assertThat(status(socket)).isIn("200", "429", "503");
        }
        int before = small.get();
        Await.until("the neighbour goes on", LIMIT, () -> small.get() > before + 50);
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
      assertThat(eventually(api, "/v1/tasks/" + task).json().at("/result/data")).hasSize(2_048);
      assertThat(penstock.log()).doesNotContain("java.lang.OutOfMemoryError", "internal_error");
      assertThat(penstock.terminate(Duration.ofSeconds(20))).isZero();
    }
  }

  /** A task whose result has megabytes; its id. */
  private static String large(Api api) throws Exception {
    String text = "x".repeat(LARGE);
    String task = "{\"type\":\"ping\",\"wait_seconds\":30,\"input\":{\"text\":\"" + text + "\"}}";
    Answer done = api.post("/v1/tasks", task);
    assertThat(done.status()).isEqualTo(200);
    return done.json().path("id").asText();
  }

  /** Sends a request; of its answer no more is read than the status. */
  private static Socket asks(PenstockProcess penstock, String request, String body)
      throws Exception {
    var socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), penstock.uri().getPort()));
    socket.setSoTimeout((int) LIMIT.toMillis());
    String head =
        (request + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " + PenstockProcess.KEY)
            + "\r\nContent-Type: application/json\r\nIdempotency-Key: "
            + request.substring(request.indexOf(' ') + 1) // of each route its own
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n";
    socket.getOutputStream().write((head + body).getBytes(US_ASCII));
    return socket;
  }

  private static String status(Socket socket) throws Exception {
    byte[] head = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
    return new String(head, US_ASCII).substring("HTTP/1.1 ".length());
  }

  private interface Call {
    void make(int number) throws Exception;
  }

  private static void atOnce(int calls, Call call) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        int number = i;
        all.add(
            threads.submit(() -> {
              call.make(number);
              return null;
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
  }

  /** An object of very many members: every third one as large as a body may be. */
  private void wide(Api api, int number) throws Exception {
    int members = number % 3 == 0 ? 250_000 : 100_000;
    var body = new StringBuilder(12 * members).append("{\"type\":\"ping\",\"input\":{\"n\":1");
    for (int i = 0; i < members; i++) {
      body.append(",\"").append(i).append("\":").append(i);
    }
    Answer answer = api.post("/v1/tasks", body.append("}}").toString());
    assertThat(answer.status()).as(answer.raw().body()).isIn(202, 413, 429, 503);
    if (answer.status() == 202) {
      accepted.add(answer.json().path("id").asText());
    } else {
      JsonNode error = answer.json().path("error");
      assertThat(error.path("message").asText()).isNotEmpty();
      assertThat(error.path("code").asText()).isIn("request_too_large", "share_used", "overloaded");
      assertThat(answer.raw().headers().firstValue("Retry-After").isPresent())
          .isEqualTo(answer.status() != 413);
    }
  }

  /** Nothing of what others do is told to it. */
  private void neighbour(Api api) throws Exception {
    Answer sent =
        api.post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":20,\"input\":{\"n\":1}}");
    assertThat(sent.status()).as(sent.raw().body()).isIn(200, 202);
    String id = sent.json().path("id").asText();
    assertThat(api.get("/v1/tasks/" + id).status()).isEqualTo(200);
    small.incrementAndGet();
  }

  /** Who was told to ask again asks again. */
  private static Answer eventually(Api api, String path) throws Exception {
    var found = new ArrayList<Answer>();
    Await.until(
        path + " is answered",
        LIMIT,
        () -> {
          Answer answer = api.get(path);
          found.add(answer);
          return answer.status() == 200;
        });
    return found.getLast();
  }
}
