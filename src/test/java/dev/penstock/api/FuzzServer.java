package dev.penstock.api;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.bus.Request.Leased;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.web.Route;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A server that is sent whatever comes, and what holds of each answer: it comes in time, it is no
 * mistake of ours, a refusal has the error shape, nothing is logged as a mistake, and the request
 * is over.
 */
public final class FuzzServer implements AutoCloseable {
  /** The id of a task that is running, by a lease whose token is {@code token}. */
  public static final String RUNNING = BadInputTable.SOME_ID;

  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final Duration OVER = Duration.ofSeconds(5);
  private static final long PACE_NANOS = 50_000;
  private static final int MAX_BODY = 4 << 20;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** What a server may say that cannot do what it is asked for. */
  private static final Set<Integer> UNABLE = Set.of(501, 505);

  private final TestServer server;
  private final Mistakes mistakes = new Mistakes();
  private final Task running;

  public FuzzServer() throws Exception {
    this(List.of());
  }

  /**
   * @param more routes beside those there are
   */
  FuzzServer(List<Route> more) throws Exception {
    server =
        new TestServer(
            Map.of(
                "http.read-timeout",
                "200ms",
                "http.sync-timeout",
                "200ms",
                "auth.wrong-keys", // each further one is answered a second later
                "100000"),
            more);
    server.post("/v1/tasks", "{\"type\":\"ping\"}");
    TaskSpec sample = server.submitted();
    running =
        begun(
            new TaskSpec(
                TaskId.parse(RUNNING).orElseThrow(),
                sample.work(),
                sample.limits(),
                sample.retention(),
                sample.origin()));
    server.dispatcher.leases = _ -> new Leased(List.of(lease(sample)), false);
    mistakes.start();
    forget();
  }

  /** What is written on the log as a mistake of ours. */
  private static final class Mistakes extends AppenderBase<ILoggingEvent> {
    private static final Logger ROOT =
        (Logger) org.slf4j.LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    @Override
    public void start() {
      setContext(ROOT.getLoggerContext());
      super.start();
      ROOT.addAppender(this);
    }

    @Override
    public void stop() {
      ROOT.detachAppender(this);
      super.stop();
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
        IThrowableProxy thrown = event.getThrowableProxy();
        seen.add(
            event.getFormattedMessage()
                + (thrown == null ? "" : ": " + thrown.getClassName() + ": " + where(thrown)));
      }
    }

    private static String where(IThrowableProxy thrown) {
      var frames = thrown.getStackTraceElementProxyArray();
      return thrown.getMessage() + (frames.length == 0 ? "" : " " + frames[0]);
    }
  }

  /** Requests of the table of bad input that are not long. */
  public static List<byte[]> badRequests(int longest) {
    return new BadInputTable(TestServer.KEY, MAX_BODY)
        .rows().stream()
            .map(BadInputTable.Row::request)
            .filter(request -> request.length > 0 && request.length <= longest)
            .toList();
  }

  /** Sends bytes that need not be a request: then the connection may be closed without a word. */
  public void send(byte[] request) throws IOException {
    RawClient.Answer answer = RawClient.send(server.port(), request, LIMIT);
    if (answer.status() != 0) {
      check(answer);
    }
    over();
  }

  /** Sends JSON, or what is said to be, to a route; a request like this one has an answer. */
  public void post(String path, byte[] body) throws IOException {
    String head =
        String.join(
            "\r\n",
            "POST " + path + " HTTP/1.1",
            "Host: a",
            "Authorization: Bearer " + TestServer.KEY,
            "Content-Type: application/json",
            "Content-Length: " + body.length,
            "",
            "");
    var request = new ByteArrayOutputStream();
    request.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
    request.writeBytes(body);
    RawClient.Answer answer = RawClient.send(server.port(), request.toByteArray(), LIMIT);
    promise(answer.status() != 0, "no answer at all");
    check(answer);
    over();
  }

  private static void check(RawClient.Answer answer) throws IOException {
    int status = answer.status();
    promise(status < 500 || UNABLE.contains(status), "status " + status + ": " + answer.body());
    promise(answer.headers().containsKey("x-request-id"), "no X-Request-Id");
    boolean page = answer.headers().getOrDefault("content-type", "").startsWith("text/html");
    if (status >= 400 && !page && !answer.body().isEmpty()) {
      promise(isError(answer.body()), "no error in our shape: " + answer.body());
    }
  }

  private static boolean isError(String body) throws IOException {
    try {
      JsonNode error = MAPPER.readTree(body).path("error");
      return error.path("message").isTextual()
          && error.path("type").isTextual()
          && error.has("param")
          && error.has("code");
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  /** The request is over, and nothing of it is left. */
  private void over() {
    ApiVerticle verticle = server.verticle();
    long end = System.nanoTime() + OVER.toNanos();
    while (verticle.requestsInFlight() != 0 || verticle.bytesOfBodies() != 0) {
      promise(
          System.nanoTime() < end,
          "%d requests and %d bytes of bodies are left"
              .formatted(verticle.requestsInFlight(), verticle.bytesOfBodies()));
      LockSupport.parkNanos(PACE_NANOS);
    }
    String mistake = mistakes.seen.poll();
    promise(mistake == null, "logged as a mistake: " + mistake);
    forget();
  }

  private void forget() {
    server.dispatcher.forget();
    server.dispatcher.tasks.put(running.id(), running);
  }

  private static LeasedTask lease(TaskSpec sample) {
    TaskId id = TaskId.random();
    Task task =
        begun(
            new TaskSpec(id, sample.work(), sample.limits(), sample.retention(), sample.origin()));
    return new LeasedTask(task, new Lease(id, "token", Instant.now().plusSeconds(30)));
  }

  private static Task begun(TaskSpec spec) {
    Instant now = Instant.now();
    return new Task(spec, TaskState.PROCESSING, 0, 0, null, now, now, null, "w", null, null);
  }

  private static void promise(boolean kept, String otherwise) {
    if (!kept) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public void close() throws IOException {
    mistakes.stop();
    server.close();
  }
}
