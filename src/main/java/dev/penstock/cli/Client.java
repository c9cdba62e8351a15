package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Backoff;
import dev.penstock.base.TimedHttp;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One server, asked over HTTP. A server that is full or away is asked again with back-off; one that
 * was never there is not, so that a wrong URL shows at once. Safe for many threads.
 */
final class Client implements AutoCloseable {
  /** Longer than any request of ours is held (30 s). */
  private static final Duration REPLY = Duration.ofSeconds(60);

  /** Longer than any answer is waited for (590 s) until it begins. */
  private static final Duration ANSWER = Duration.ofMinutes(11);

  private static final long MAX_REPLY = 256L << 20;
  private static final int MAX_ERROR = 1 << 20;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private static final int OK = 200;
  private static final int REDIRECT = 300;
  private static final int REFUSED = 400;
  private static final int REQUEST_TIMEOUT = 408;
  private static final int TOO_MANY = 429;
  private static final int BROKEN = 500;

  private final TimedHttp http =
      new TimedHttp(HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1));
  private final URI server;
  private final String key;
  private final Duration retryFor;
  private volatile boolean met;

  /**
   * @param server without a slash at its end
   */
  Client(URI server, String key, Duration retryFor) {
    this.server = server;
    this.key = key;
    this.retryFor = retryFor;
  }

  /** How one try ended. */
  private sealed interface Reply {
    record Answered(Answer answer) implements Reply {}

    /**
     * @param after what the server asks for; null: it says nothing
     */
    record Busy(String why, boolean again, @Nullable Duration after) implements Reply {}

    record Lost(String why, boolean refused) implements Reply {}
  }

  Answer get(String path) throws Failure, InterruptedException {
    return get(path, Deadline.in(retryFor));
  }

  /** Gives up at the deadline, where that comes before {@code --retry-for} is over. */
  Answer get(String path, Deadline limit) throws Failure, InterruptedException {
    return ask(request(path).GET().build(), limit);
  }

  /**
   * Posts JSON; repeated after a lost reply, so the route must bear that.
   *
   * @param idempotencyKey null: none
   */
  Answer post(String path, JsonNode body, @Nullable String idempotencyKey)
      throws Failure, InterruptedException {
    return ask(posting(path, JsonLines.bytes(body), idempotencyKey), Deadline.in(retryFor));
  }

  /** Repeated after a lost reply, so the route must bear that. */
  Answer delete(String path) throws Failure, InterruptedException {
    return ask(request(path).DELETE().build(), Deadline.in(retryFor));
  }

  /** Posts JSON once and drops the reply's body; returns the status, 0 when there was no reply. */
  int statusOf(String path, JsonNode body) throws InterruptedException {
    try {
      return send(posting(path, JsonLines.bytes(body), null), BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  Duration retryFor() {
    return retryFor;
  }

  private HttpRequest posting(String path, byte[] json, @Nullable String idempotencyKey) {
    HttpRequest.Builder request = request(path).header("Content-Type", "application/json");
    if (idempotencyKey != null) {
      request.header("Idempotency-Key", idempotencyKey);
    }
    return request.POST(BodyPublishers.ofByteArray(json)).build();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server + path))
        .header("Authorization", "Bearer " + key)
        .header("User-Agent", "penstock-cli");
  }

  private Answer ask(HttpRequest request, Deadline given) throws Failure, InterruptedException {
    Deadline own = Deadline.in(retryFor);
    Deadline limit = own.nanos() - given.nanos() < 0 ? own : given;
    return again(() -> attempt(request), limit);
  }

  /** One try of a request. */
  @FunctionalInterface
  private interface Try {
    Reply make() throws InterruptedException;
  }

  private Answer again(Try once, Deadline limit) throws Failure, InterruptedException {
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    while (true) {
      String why;
      Duration pause = backoff.pause();
      switch (once.make()) {
        case Reply.Answered(var answer) -> {
          return answer;
        }
        case Reply.Busy(var said, var again, var after) -> {
          if (!again) {
            throw new Failure(ExitCode.UNAVAILABLE, said);
          }
          why = said;
          pause = after == null || after.compareTo(pause) < 0 ? pause : after;
        }
        case Reply.Lost(var said, var refused) -> {
          if (refused && !met) {
            throw new Failure(ExitCode.UNAVAILABLE, said);
          }
          why = said;
        }
      }
      if (limit.left().compareTo(pause) <= 0) {
        throw new Failure(ExitCode.UNAVAILABLE, why);
      }
      Thread.sleep(pause);
    }
  }

  private Reply attempt(HttpRequest request) throws InterruptedException {
    try {
      var response = send(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_REPLY));
      return reply(response, response.body());
    } catch (IOException e) {
      return lost(e);
    }
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    return send(request, handler, REPLY);
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler, Duration limit)
      throws IOException, InterruptedException {
    HttpResponse<T> response = http.send(request, handler, limit);
    met = true;
    return response;
  }

  private Reply.Lost lost(IOException e) {
    String reason = e.getMessage();
    boolean refused = e instanceof ConnectException || e instanceof HttpConnectTimeoutException;
    String why = refused ? "the server cannot be reached" : "the connection broke";
    return new Reply.Lost(
        server + ": " + why + (reason == null ? "" : " (" + Visible.text(reason) + ")"), refused);
  }

  private Reply reply(HttpResponse<?> response, byte[] bytes) {
    int status = response.statusCode();
    Optional<JsonNode> parsed = JsonLines.parse(bytes);
    JsonNode body = parsed.orElseGet(JsonLines::object);
    if ((status >= REDIRECT && status < REFUSED) || (status < REDIRECT && parsed.isEmpty())) {
      String why = "%s answered %d without JSON: is it Penstock?".formatted(server, status);
      return new Reply.Busy(why, false, null);
    }
    if (status < BROKEN && status != TOO_MANY && status != REQUEST_TIMEOUT) {
      return new Reply.Answered(new Answer(status, body));
    }
    boolean never = response.headers().firstValue("x-should-retry").orElse("").equals("false");
    return new Reply.Busy(
        Answer.message(status, body), !never, TimedHttp.retryAfter(response).orElse(null));
  }

  /** A stream of events as it comes, or why there is none. */
  sealed interface Opened {
    /** The receiver closes the stream. */
    record Events(InputStream stream) implements Opened {}

    record Refused(int status) implements Opened {}

    record Lost(String why) implements Opened {}
  }

  /** Opens a stream of events, once; waits for its beginning, not for its end. */
  Opened open(String path, @Nullable String lastEventId) throws InterruptedException {
    HttpRequest.Builder request = request(path).header("Accept", "text/event-stream");
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    try {
      HttpResponse<InputStream> response =
          send(request.GET().build(), BodyHandlers.ofInputStream());
      if (response.statusCode() == OK) {
        return new Opened.Events(response.body());
      }
      response.body().close();
      return new Opened.Refused(response.statusCode());
    } catch (IOException e) {
      return new Opened.Lost(lost(e).why());
    }
  }

  /**
   * A stream of events that a request is answered with.
   *
   * @param stream the receiver closes it
   * @param task the id of the task that it is of; null: none
   */
  record Stream(InputStream stream, @Nullable String task) {}

  /**
   * Posts JSON, for an answer in events; asks a server that is full again. The events begin when
   * the answer does, which may be long in coming.
   *
   * @throws Failure also where the server refuses
   */
  Stream stream(String path, JsonNode body) throws Failure, InterruptedException {
    HttpRequest request =
        request(path)
            .header("Content-Type", "application/json")
            .header("Accept", "text/event-stream")
            .POST(BodyPublishers.ofByteArray(JsonLines.bytes(body)))
            .build();
    var opened = new AtomicReference<@Nullable Stream>();
    Answer answer = again(() -> stream(request, opened), Deadline.in(retryFor));
    Stream stream = opened.get();
    if (stream == null) {
      answer.orFail();
      throw Failure.refused("the server answered without a stream; is it an older one?");
    }
    return stream;
  }

  private Reply stream(HttpRequest request, AtomicReference<@Nullable Stream> opened)
      throws InterruptedException {
    try {
      HttpResponse<InputStream> response = send(request, BodyHandlers.ofInputStream(), ANSWER);
      String type = response.headers().firstValue("Content-Type").orElse("");
      if (response.statusCode() == OK && type.startsWith("text/event-stream")) {
        opened.set(
            new Stream(response.body(), response.headers().firstValue("X-Task-Id").orElse(null)));
        return new Reply.Answered(new Answer(OK, JsonLines.object()));
      }
      try (InputStream in = response.body()) {
        return reply(response, in.readNBytes(MAX_ERROR));
      }
    } catch (IOException e) {
      return lost(e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
