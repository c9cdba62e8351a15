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
import org.jspecify.annotations.Nullable;

/**
 * One server, asked over HTTP. A server that is full or away is asked again with back-off; one that
 * was never there is not, so that a wrong URL shows at once. Safe for many threads.
 */
final class Client implements AutoCloseable {
  /** Longer than any request of ours is held (30 s). */
  private static final Duration REPLY = Duration.ofSeconds(60);

  private static final long MAX_REPLY = 256L << 20;
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
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    while (true) {
      String why;
      Duration pause = backoff.pause();
      switch (attempt(request)) {
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
      return reply(send(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_REPLY)));
    } catch (IOException e) {
      return lost(e);
    }
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    HttpResponse<T> response = http.send(request, handler, REPLY);
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

  private Reply reply(HttpResponse<byte[]> response) {
    int status = response.statusCode();
    Optional<JsonNode> parsed = JsonLines.parse(response.body());
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

  @Override
  public void close() {
    http.close();
  }
}
