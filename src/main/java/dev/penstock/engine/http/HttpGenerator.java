package dev.penstock.engine.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.BackendTrouble;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.Generator;
import dev.penstock.engine.ModelFailure;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** A model that a server runs. It is not asked before somebody wants a text. */
final class HttpGenerator implements Generator {
  private static final int MOST_OF_AN_ERROR = 64 << 10;
  private static final Duration DRAIN = Duration.ofMillis(250);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final String name;
  private final int context;
  private final HttpSource source;
  private final Dialect dialect;
  private final Keys keys;

  /**
   * @param name what we call the model
   * @param context the most tokens of prompt and answer; 0: unknown
   */
  HttpGenerator(String name, int context, HttpSource source, Dialect dialect, Keys keys) {
    this.name = name;
    this.context = context;
    this.source = source;
    this.dialect = dialect;
    this.keys = keys;
  }

  @Override
  public GenerationEnd generate(GenerationRequest request, Asker asker)
      throws InterruptedException, ModelFailure {
    try {
      return answer(request, asker);
    } catch (BackendTrouble e) {
      throw new ModelFailure(name, e);
    }
  }

  private GenerationEnd answer(GenerationRequest request, Asker asker)
      throws BackendTrouble, InterruptedException {
    requirePassed(request);
    String key = keys.read();
    HttpRequest asked = request(request, key);
    long firstBy = System.nanoTime() + source.limits().firstByte().toNanos();
    HttpResponse<ByteStream> reply = send(asked, firstBy);
    var answer = new Answer(request.choices(), asker);
    try (ByteStream bytes = reply.body()) {
      var lines = new Lines(bytes, firstBy, source.limits().idle());
      try {
        if (reply.statusCode() != 200) {
          throw refused(reply, lines, key);
        }
        if (!dialect.lines() && json(reply)) {
          throw UpstreamError.ofBody(lines.whole(MOST_OF_AN_ERROR), key).midway(false);
        }
        Dialect.Reader reader = dialect.reader(request, answer, key);
        if (dialect.lines() ? byLine(lines, reader) : byEvent(lines, reader)) {
          answer.close();
          lines.drain(DRAIN);
        }
      } catch (ByteStream.TooSlow e) {
        throw lines.any()
            ? BackendTrouble.away(
                "it said nothing for " + source.limits().idle().toSeconds() + " s")
            : noFirstByte();
      } catch (IOException e) {
        if (!answer.whole()) {
          throw BackendTrouble.away("the connection was lost before the answer's end");
        }
      }
    }
    if (!answer.whole()) {
      throw answer.toldAnything() && request.choices() > 1
          ? BackendTrouble.other("it made fewer answers than it was asked for")
          : BackendTrouble.away("its stream ended before the answer did");
    }
    return answer.end(source.backend());
  }

  private static boolean byLine(Lines lines, Dialect.Reader reader)
      throws BackendTrouble, IOException, InterruptedException {
    for (String line = lines.next(); line != null; line = lines.next()) {
      if (!line.isBlank() && reader.take(line)) {
        return true;
      }
    }
    return false;
  }

  private static boolean byEvent(Lines lines, Dialect.Reader reader)
      throws BackendTrouble, IOException, InterruptedException {
    var events = new Events(lines);
    for (String data = events.next(); data != null; data = events.next()) {
      if (reader.take(data)) {
        return true;
      }
    }
    return false;
  }

  private static boolean json(HttpResponse<?> reply) {
    return reply.headers().firstValue("Content-Type").orElse("").startsWith("application/json");
  }

  /** What nobody here knows is handed on where the entry says so, and else refused. */
  private void requirePassed(GenerationRequest request) {
    for (Iterator<String> names = request.passed().fieldNames(); names.hasNext(); ) {
      String member = names.next();
      if (!source.pass().contains(member)) {
        throw new InvalidInput(member, "is not known, and the model's backend does not pass it on");
      }
    }
  }

  private HttpRequest request(GenerationRequest request, String key) throws BackendTrouble {
    String model = source.model().isEmpty() ? name : source.model();
    byte[] body;
    try {
      body = JsonMappers.ASCII.writeValueAsBytes(dialect.body(request, source, model, context));
    } catch (JsonProcessingException e) {
      throw BackendTrouble.other("the request cannot be written");
    }
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(source.at(dialect.path(request)))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .setHeader("Content-Type", "application/json")
            .setHeader("Accept", dialect.lines() ? "application/x-ndjson" : "text/event-stream")
            .setHeader("User-Agent", "penstock");
    dialect.headers().forEach(builder::setHeader);
    source.headers().forEach(builder::setHeader);
    if (!key.isEmpty()) {
      var shown = dialect.key(key);
      builder.setHeader(shown.getKey(), shown.getValue());
    }
    return builder.build();
  }

  /** Once more where a connection that was kept had been closed meanwhile. */
  private HttpResponse<ByteStream> send(HttpRequest asked, long firstBy)
      throws BackendTrouble, InterruptedException {
    IOException failure = null;
    for (int tries = 0; tries < 2; tries++) {
      try {
        return Clients.send(asked, source.limits().connect(), firstBy - System.nanoTime());
      } catch (ConnectException | HttpConnectTimeoutException e) {
        throw BackendTrouble.away("it cannot be reached");
      } catch (HttpTimeoutException e) {
        throw noFirstByte();
      } catch (IOException e) {
        failure = e;
      }
    }
    throw BackendTrouble.away("the connection was lost: " + reason(failure));
  }

  private static String reason(@Nullable IOException e) {
    return e == null ? "" : e.getClass().getSimpleName();
  }

  private BackendTrouble noFirstByte() {
    return BackendTrouble.slow(
        "it said nothing within " + source.limits().firstByte().toSeconds() + " s");
  }

  /** What a reply means that is no answer. */
  private static BackendTrouble refused(HttpResponse<?> reply, Lines lines, String key)
      throws InterruptedException {
    int status = reply.statusCode();
    UpstreamError error;
    try {
      error = UpstreamError.ofBody(lines.whole(MOST_OF_AN_ERROR), key);
    } catch (IOException e) {
      error = UpstreamError.NONE;
    }
    String answers = "it answers " + status;
    Duration pause = RetryAfter.of(reply, Instant.now());
    return switch (status) {
      case 400, 404, 413, 415, 422 -> throw error.invalid(status);
      case 401, 403 -> BackendTrouble.other(answers + ": its key is not taken"); // may quote it
      case 429 -> BackendTrouble.busy(error.said(answers), pause == null ? PAUSE : pause);
      case 503 ->
          pause == null
              ? BackendTrouble.away(error.said(answers))
              : BackendTrouble.busy(error.said(answers), pause);
      case 408 -> BackendTrouble.slow(error.said(answers));
      default ->
          status >= 500
              ? BackendTrouble.away(error.said(answers))
              : status >= 300 && status < 400
                  ? BackendTrouble.other(answers + ", a redirect, which is not followed")
                  : BackendTrouble.other(error.said(answers));
    };
  }

  @Override
  public int slots() {
    return source.route().concurrency();
  }

  @Override
  public EngineStatus status() {
    return new EngineStatus(name, EngineStatus.State.READY, source.backend(), slots(), 0, 0, "");
  }

  @Override
  public void close() {
    // Whoever asks is interrupted; connections are for all.
  }
}
