package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.bus.Request.ListTasks;
import dev.penstock.core.Scope;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskState;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What an operator reads of requests that failed, and of those that were none. */
final class FailureLogTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = new TestServer(Map.of("http.sync-timeout", "10s"));
    log.start();
    root.addAppender(log);
  }

  @AfterEach
  void stop() throws Exception {
    root.detachAppender(log);
    server.close();
  }

  /** All that somebody should look at. */
  private List<ILoggingEvent> lines() {
    return log.list.stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
        .toList();
  }

  private ILoggingEvent onlyLine() {
    assertThat(lines()).extracting(ILoggingEvent::getFormattedMessage).hasSize(1);
    return lines().getFirst();
  }

  private void assertTold(HttpResponse<String> reply, String owner, String task) throws Exception {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(500);
    ILoggingEvent line = onlyLine();
    assertThat(line.getFormattedMessage())
        .contains(header(reply, "X-Request-Id"))
        .contains("owner " + owner)
        .contains("task " + task)
        .contains(error(reply).get("code").asText());
    assertThat(line.getMDCPropertyMap())
        .containsEntry("owner", owner)
        .containsEntry("request", header(reply, "X-Request-Id"));
  }

  @Test
  void aMistakeOfOursLeavesOneLineWithRequestTaskAndOwner() throws Exception {
    String key = server.key("acme", Scope.CLIENT);
    var made =
        server.send(
            server
                .request("/v1/tasks")
                .setHeader("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"type\":\"ping\"}")));
    String id = TestServer.json(made).get("id").asText();
    server.serve(
        GlanceAtTasks.class,
        _ -> {
          throw new IllegalStateException("a row that makes no sense");
        });
    log.list.clear();

    var reply =
        server.send(server.request("/v1/tasks/" + id).setHeader("Authorization", "Bearer " + key));
    assertTold(reply, "acme", id);
    assertThat(onlyLine().getThrowableProxy()).as("with its stack trace").isNotNull();
    assertThat(reply.body()).doesNotContain("makes no sense");
  }

  @Test
  void aRequestThatIsAboutNoTaskIsLoggedToo() throws Exception {
    server.serve(
        ListTasks.class,
        _ -> {
          throw new IllegalStateException("broken");
        });
    assertTold(server.get("/v1/tasks"), "default", "-");
  }

  @Test
  void aHeldTaskThatFailedLeavesOneLineToo() throws Exception {
    server.dispatcher.script =
        _ ->
            new Script.End(
                TaskState.FAILED,
                null,
                new TaskError(TaskError.Code.INFERENCE_FAILED, "of a text: my secret"));
    var reply = server.post("/v1/embeddings", "{\"input\":\"my secret\"}");
    assertTold(reply, "default", server.submitted().id().value());
    assertThat(onlyLine().getFormattedMessage()).doesNotContain("secret");
    assertThat(onlyLine().getThrowableProxy()).isNull();
  }

  // --- not quite HTTP

  private RawClient.Answer send(String request) throws Exception {
    return RawClient.send(server.port(), request.getBytes(StandardCharsets.ISO_8859_1), LIMIT);
  }

  private void assertBadRequest(String request) throws Exception {
    RawClient.Answer answer = send(request);
    assertThat(answer.status()).as(request).isEqualTo(400);
    assertThat(answer.headers().get("content-type")).as(request).startsWith("application/json");
    assertThat(answer.headers()).as(request).containsEntry("connection", "close");
    assertThat(answer.headers()).containsKey("x-request-id");
    assertThat(answer.body()).as(request).contains("\"code\":\"bad_request\"");
    assertThat(lines()).as(request).isEmpty();
    assertThat(server.get("/health/live").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Host: a\r\nHost: b\r\n",
        "Host: a b\r\n",
        "Host: a:b\r\n",
        "Host: a:99999\r\n",
        "Host: a/b\r\n",
        "Host: user@a\r\n",
        "Host: [::1\r\n",
        "Host: a:80:80\r\n",
        "Host: <script>\r\n",
        "Host:\r\n",
      })
  void aRequestThatDoesNotSayForWhomItIsIsRefusedInOurShape(String host) throws Exception {
    for (String path : List.of("/v1/tasks", "/", "/health/live", "/%zz")) {
      assertBadRequest("GET " + path + " HTTP/1.1\r\n" + host + "\r\n");
    }
    assertBadRequest(
        "POST /v1/tasks HTTP/1.1\r\n"
            + host
            + "Content-Type: application/json\r\n"
            + "Content-Length: 5\r\n\r\nhello");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a:", "127.0.0.1:80", "[::1]:8080", "[fe80::1%25eth0]", "my_host.x"})
  void everyHostThatCanBeIsServed(String host) throws Exception {
    assertThat(send("GET /health/live HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status())
        .isEqualTo(200);
  }

  @Test
  void anOlderClientNeedNotSayForWhomItIs() throws Exception {
    assertThat(send("GET /health/live HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\nxyz\r\n\r\n",
        "\r\n\r\n",
        "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
      })
  void aBodyInMalformedChunksIsRefusedInOurShape(String chunks) throws Exception {
    for (String path : List.of("/v1/tasks", "/v1/embeddings", "/api/v1/embedding")) {
      assertBadRequest(
          "POST "
              + path
              + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
              + "Authorization: Bearer "
              + TestServer.KEY
              + "\r\nTransfer-Encoding: chunked\r\n\r\n"
              + chunks);
    }
    assertThat(server.dispatcher.tasks).isEmpty();
  }
}
