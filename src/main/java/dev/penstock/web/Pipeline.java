package dev.penstock.web;

import dev.penstock.base.ParsedJson;
import dev.penstock.base.Room;
import dev.penstock.base.Unavailable;
import dev.penstock.config.Settings;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.Scope;
import dev.penstock.json.StrictJson;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import dev.penstock.security.Sessions;
import dev.penstock.task.TaskId;
import dev.penstock.web.BodyReader.MediaType;
import dev.penstock.web.Route.Access;
import dev.penstock.web.Routes.Match;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Takes a request from its headers to its answer: route, key, body, resource, reply. Everything but
 * the socket's own events runs on a virtual thread of the request's own.
 */
public final class Pipeline {
  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

  /** How long a client may go on sending a body that was answered unread. */
  private static final Duration LINGER = Duration.ofSeconds(2);

  /** A client that reads an answer more slowly than this, in bytes a second, is let go. */
  static final int SLOWEST_READER = 16 * 1024;

  /** How long the end of an event stream may take, before which every event has been written. */
  private static final Duration STREAM_END = Duration.ofSeconds(2);

  /** Of a reply that is whole: longer ones are written in several. */
  private static final int PORTION = 32 * 1024;

  private static final String AUTHORIZATION = "Authorization";
  private static final String CONNECTION = "Connection";
  private static final String CLOSE = "close";
  private static final String API_KEY = "api-key";
  private static final String BEARER = "Bearer";
  private static final String TASK_ID = "X-Task-Id";

  /** A route of OpenAI's that is not here, and that its newer clients ask first. */
  private static final String RESPONSES = "/v1/responses";

  private final Context context;
  private final ApiKeys keys;
  private final PageGuard pages;
  private final Origins origins;
  private final Keyless keyless;
  private final BodyReader bodies;
  private final Connections connections;
  private final Shares shares;
  private final Room replies;
  private final Duration idleTimeout;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private final Set<Streaming> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /**
   * @param replies the room for what answers are made of, until they have gone out
   */
  public Pipeline(
      Context context,
      ApiKeys keys,
      Sessions sessions,
      BodyReader bodies,
      Connections connections,
      Shares shares,
      Room replies,
      Settings settings) {
    this.context = context;
    this.keys = keys;
    this.pages = new PageGuard(sessions);
    this.origins = new Origins(settings.api().corsOrigins().orElse(List.of()));
    this.keyless = new Keyless(settings.auth().none(), origins);
    this.bodies = bodies;
    this.connections = connections;
    this.shares = shares;
    this.replies = replies;
    this.idleTimeout = settings.http().idleTimeout();
  }

  /** Refuses new work from now on. The future ends with the last request under way. */
  public CompletableFuture<Void> drain() {
    stopping = true;
    streams.forEach(Streaming::interrupt);
    if (inFlight.get() == 0) {
      drained.complete(null);
    }
    return drained;
  }

  /** The requests that have come and are not answered. */
  public int inFlight() {
    return inFlight.get();
  }

  /** A request's headers have come. On the event loop. */
  public void accept(HttpServerRequest request, Match match) {
    request.pause();
    connections.busy(request, match instanceof Match.Found(Route route, _) && route.hands());
    inFlight.incrementAndGet();
    var exchange = new Exchange(request, replies, match.page());
    exchange.shares(shares);
    request.exceptionHandler(cause -> {
      if (MalformedRequests.isMalformed(cause) && !request.response().headWritten()) {
        var _ = write(exchange, MalformedRequests.reply(MalformedRequests.BODY));
        MalformedRequests.flush(request);
      }
      exchange.gone().complete(null);
    });
    request.response().exceptionHandler(_ -> exchange.gone().complete(null));
    request.response().closeHandler(_ -> exchange.gone().complete(null));
    Thread thread = Thread.ofVirtual().name(exchange.id()).unstarted(() -> run(exchange, match));
    if (match instanceof Match.Found(Route route, _) && route.body() > 0) {
      bodies.begin(exchange, context, route.body());
      context.runOnContext(_ -> thread.start()); // behind what has come with the headers
    } else {
      thread.start();
    }
  }

  /** What came was not HTTP, or too much of it. On the event loop. */
  public void refuse(HttpServerRequest request) {
    refuse(request, MalformedRequests.error(request.decoderResult().cause()));
  }

  private void refuse(HttpServerRequest request, ApiError error) {
    connections.busy(request, false);
    write(new Exchange(request, replies, false), MalformedRequests.reply(error))
        .onComplete(_ -> request.connection().close());
  }

  /**
   * Whether it may go on: it says for whom it is, and how its body comes. Otherwise it is answered.
   * On the event loop.
   */
  public boolean wellFormed(HttpServerRequest request) {
    boolean addressed = MalformedRequests.hasHost(request);
    boolean wellFormed = addressed && MalformedRequests.hasPlainEncoding(request);
    if (!wellFormed) {
      request.pause();
      refuse(request, addressed ? MalformedRequests.ENCODING : MalformedRequests.HOST);
    }
    return wellFormed;
  }

  private void run(Exchange exchange, Match match) {
    try (var _ = MDC.putCloseable("request", exchange.id())) {
      Answer answer = answer(exchange, match);
      bodies.forget(exchange);
      bodies.release(exchange.body().length);
      exchange.answered();
      exchange.letGoOfParsed(0);
      switch (answer) {
        case EventStream stream -> stream(exchange, stream);
        case LongReply reply -> render(exchange, reply);
        case Reply reply -> finishWhole(exchange, reply);
        case null -> context.runOnContext(_ -> finish(exchange, null));
      }
    }
  }

  /**
   * Its memory is counted while it goes out, which may take its client long: in the place of what
   * it was made from.
   */
  private void finishWhole(Exchange exchange, Reply whole) {
    Reply counted = whole;
    try {
      counted = whole.packedFor(exchange.header("Accept-Encoding"));
      exchange.hold(counted.shared() ? 0 : counted.body().length - exchange.held());
    } catch (Refusal refusal) {
      counted = noRoom(refusal, whole.headers());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      counted = Reply.error(ApiError.stopping());
    }
    Reply reply = counted;
    context.runOnContext(_ -> finish(exchange, reply));
  }

  /** What the answer would have told of is there: its client can ask for it. */
  private static Reply noRoom(Refusal refusal, Map<String, String> headers) {
    String task = headers.get(TASK_ID);
    return Reply.error(refusal.error(), task == null ? null : TaskId.parse(task).orElse(null));
  }

  /** One that turns out short goes out whole. */
  private void render(Exchange exchange, LongReply reply) {
    if (exchange.request().method().equals(HttpMethod.HEAD)) {
      finishWhole(exchange, new Reply(reply.status(), reply.headers(), new byte[0]));
      return;
    }
    boolean packed = Reply.packs(exchange.header("Accept-Encoding"));
    var body =
        new LongBody(exchange, context, idleTimeout, packed, () -> begin(exchange, reply, packed));
    try {
      StrictJson.write(body, reply.writer());
    } catch (IOException | RuntimeException | Error e) {
      failed(exchange, reply, body, e);
      return;
    }
    byte[] whole = body.whole();
    if (whole != null) {
      finishWhole(exchange, new Reply(reply.status(), reply.headers(), whole));
    } else {
      Duration left = Duration.ofNanos(body.left());
      context.runOnContext(_ -> end(exchange, left));
    }
  }

  /** What has begun to go out can only be broken off. */
  private void failed(Exchange exchange, LongReply reply, LongBody body, Throwable cause) {
    Refusal refused = body.refused();
    if (refused != null) {
      finishWhole(exchange, noRoom(refused, reply.headers()));
      return;
    }
    boolean gone = cause instanceof ClientGone || body.broken();
    if (!gone) {
      FailureLog.failed(exchange, cause);
    }
    if (!gone && body.whole() != null) {
      finishWhole(exchange, Reply.error(ApiError.unexpected()));
    } else {
      context.runOnContext(_ -> finish(exchange, null));
    }
  }

  /** On the event loop. */
  private void begin(Exchange exchange, LongReply reply, boolean packed) {
    if (exchange.gone().isDone()) {
      return;
    }
    HttpServerRequest request = exchange.request();
    if (!request.isEnded()) {
      linger(request, LINGER);
    }
    HttpServerResponse response = request.response();
    response.setStatusCode(reply.status());
    response.setChunked(true);
    reply.headers().forEach(response::putHeader);
    response.putHeader("Vary", "Accept-Encoding");
    if (packed) {
      response.putHeader("Content-Encoding", "gzip");
    }
    putCommon(exchange);
  }

  /** A thread while it streams, and not after: what it does then is not to be interrupted. */
  private static final class Streaming {
    private final Thread thread = Thread.currentThread();
    private boolean over;

    synchronized void interrupt() {
      if (!over) {
        thread.interrupt();
      }
    }

    /** On the thread itself. */
    synchronized void over() {
      over = true;
      Thread.interrupted();
    }
  }

  /**
   * Streams hold up a stop, so the stop interrupts them; and one whose client has left would keep
   * its place until the next write.
   */
  private void stream(Exchange exchange, EventStream stream) {
    Runnable over = stream.over();
    if (over != null) {
      try {
        streamPlaced(exchange, stream);
      } finally {
        over.run();
      }
      return;
    }
    Share.Held place;
    try {
      place = shares.eventStreams().take(exchange.holder(), 1);
    } catch (Refusal full) {
      context.runOnContext(_ -> finish(exchange, Reply.error(full.error())));
      return;
    }
    try (place) {
      streamPlaced(exchange, stream);
    }
  }

  private void streamPlaced(Exchange exchange, EventStream stream) {
    var streaming = new Streaming();
    streams.add(streaming);
    var _ = exchange.gone().thenRun(streaming::interrupt);
    try {
      if (!stopping) {
        begin(exchange, stream);
      }
      if (!stopping && !exchange.request().method().equals(HttpMethod.HEAD)) {
        stream.source().writeTo(new EventSink(exchange, context));
      }
    } catch (ClientGone | InterruptedException _) {
      // Either way the stream is over.
    } catch (Unavailable e) {
      LOG.warn("request {}: {}", exchange.id(), e.getMessage());
    } catch (RuntimeException | Error e) {
      FailureLog.failed(exchange, e);
    } finally {
      streams.remove(streaming);
      streaming.over();
    }
    context.runOnContext(_ -> end(exchange, STREAM_END));
  }

  private void begin(Exchange exchange, EventStream stream) {
    context.runOnContext(_ -> {
      HttpServerResponse response = exchange.request().response();
      response.setChunked(true);
      Map.of(
              "Content-Type",
              "text/event-stream",
              "Cache-Control",
              "no-store",
              "X-Accel-Buffering",
              "no")
          .forEach(response::putHeader);
      stream.headers().forEach(response::putHeader);
      putCommon(exchange);
    });
  }

  /**
   * Ends a response that was written bit by bit. On the event loop.
   *
   * @param left how long the client may still take
   */
  private void end(Exchange exchange, Duration left) {
    HttpServerRequest request = exchange.request();
    if (exchange.gone().isDone()) {
      request.connection().close();
      done(exchange);
      return;
    }
    // Closing waits for what has been written, which a client that has stopped reading never takes;
    // so the request is over after a while, and its connection when it has been idle for long.
    var over = new AtomicBoolean();
    long slowest =
        context
            .owner()
            .setTimer(
                Math.max(1, left.toMillis()),
                _ -> {
                  request.connection().close();
                  if (over.compareAndSet(false, true)) {
                    done(exchange);
                  }
                });
    request
        .response()
        .end()
        .onComplete(_ -> {
          context.owner().cancelTimer(slowest);
          connections.idle(request.connection());
          if (request.version() == HttpVersion.HTTP_1_0) {
            request.connection().close(); // nothing else says that it was all
          }
          if (over.compareAndSet(false, true)) {
            done(exchange);
          }
        });
  }

  /** Every way a request can end. Null when there is nobody to tell. */
  private @Nullable Answer answer(Exchange exchange, Match match) {
    try {
      return follow(exchange, match);
    } catch (Refusal refusal) {
      if (refusal.error().status() == 500) {
        FailureLog.failed(exchange, refusal.error());
      }
      return Reply.error(refusal.error(), refusal.task());
    } catch (InvalidInput invalid) {
      return Reply.error(ApiError.of(invalid));
    } catch (Unavailable e) {
      LOG.warn("request {}: {}", exchange.id(), e.getMessage());
      return Reply.error(ApiError.unavailable("The queue or the store does not answer."));
    } catch (ClientGone _) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Reply.error(ApiError.stopping());
    } catch (RuntimeException | Error e) {
      FailureLog.failed(exchange, e);
      return Reply.error(ApiError.unexpected());
    }
  }

  private Answer follow(Exchange exchange, Match match) throws InterruptedException {
    HttpServerRequest request = exchange.request();
    Reply preflight = origins.preflight(exchange);
    if (preflight != null) {
      return preflight;
    }
    return switch (match) {
      case Match.Unknown() ->
          throw new Refusal(
              ApiError.http(404, "not_found", "There is no such route; " + instead(request)));
      case Match.OtherMethod(var allowed, _) -> {
        String methods = String.join(", ", allowed);
        ApiError error =
            ApiError.http(405, "method_not_allowed", "This route takes " + methods + " only.");
        yield Reply.error(error).with("Allow", methods);
      }
      case Match.Found(Route route, var parameters) -> {
        exchange.parameters(parameters);
        Reply denied = deny(exchange, route.access());
        if (denied != null) {
          yield denied;
        }
        // Remote workers still say what became of the work they have.
        boolean newWork =
            request.method().equals(HttpMethod.POST) && route.access() != Access.WORKER;
        if (stopping && newWork) {
          throw new Refusal(ApiError.stopping());
        }
        if (route.body() > 0 && !(route.bodiless() && BodyReader.comesWithout(request))) {
          exchange.body(bodies.read(exchange, context, route.body(), type(route.access())));
          parse(exchange, route.access());
        }
        yield route.resource().answer(exchange);
      }
    };
  }

  /** What a client may have meant. */
  private static String instead(HttpServerRequest request) {
    String path = String.valueOf(request.path());
    return path.equals(RESPONSES) || path.startsWith(RESPONSES + "/")
        ? "POST /v1/chat/completions makes texts here."
        : "see /docs for those there are.";
  }

  /**
   * Takes room for what the body is parsed to. A worker's that is too large has all of it, alone:
   * its result must not be lost.
   */
  private static void parse(Exchange exchange, Access access) throws InterruptedException {
    byte[] body = exchange.body();
    long bytes =
        type(access) == MediaType.JSON ? ParsedJson.bytes(body) : ParsedJson.bytesOfForm(body);
    long most = ParsedJson.REQUESTS.size();
    if (bytes > most && access != Access.WORKER) {
      throw new Refusal(
          ApiError.http(
              413,
              "request_too_large",
              "The body would take %d MiB of memory once it is parsed, and there are %d."
                  .formatted(bytes >> 20, most >> 20)));
    }
    exchange.parse(Math.min(bytes, most));
  }

  /** Programs send JSON, pages their forms. */
  private static MediaType type(Access access) {
    return switch (access) {
      case KEY, WORKER, ADMIN, EITHER, SCRAPER -> MediaType.JSON;
      case OPEN, PAGE, SESSION -> MediaType.FORM;
    };
  }

  /**
   * Null when the request may go on. Before its body is waited for: strangers are to cost little.
   */
  private @Nullable Reply deny(Exchange exchange, Access access) throws InterruptedException {
    return switch (access) {
      case OPEN, PAGE -> {
        exchange.whoAsks(() -> either(exchange));
        yield pages.denyForged(exchange);
      }
      case SESSION -> pages.deny(exchange);
      case KEY -> keep(exchange, access, client(exchange));
      case WORKER, ADMIN -> keep(exchange, access, keys.authenticate(authorization(exchange)));
      case EITHER -> keep(exchange, access, either(exchange));
      case SCRAPER ->
          keep(
              exchange,
              access,
              either(exchange).or(() -> keys.authenticateBasic(exchange.header(AUTHORIZATION))));
    };
  }

  /** What Azure's clients send in the place of a bearer's key is the same. */
  private static @Nullable String authorization(Exchange exchange) {
    String header = exchange.header(AUTHORIZATION);
    String key = exchange.header(API_KEY);
    String sent = header == null && key != null ? BEARER + " " + key : header;
    // Clients that are set up with an empty key send none of it but this.
    boolean empty = sent != null && (sent.isBlank() || sent.strip().equalsIgnoreCase(BEARER));
    return empty ? null : sent;
  }

  /** A key that is sent counts, right or wrong. */
  private Optional<Caller> client(Exchange exchange) {
    String header = authorization(exchange);
    return header == null ? keyless.caller(exchange) : keys.authenticate(header);
  }

  /** The same, or who is logged in; a page from elsewhere is nobody's login. */
  private Optional<Caller> either(Exchange exchange) {
    boolean byKey = authorization(exchange) != null || origins.sent(exchange);
    return byKey ? client(exchange) : pages.caller(exchange).or(() -> keyless.caller(exchange));
  }

  private @Nullable Reply keep(Exchange exchange, Access access, Optional<Caller> known)
      throws InterruptedException {
    if (known.isPresent()) {
      Caller caller = known.get();
      exchange.caller(caller);
      if (!caller.has(access.scopes())) {
        return Reply.error(ApiError.wrongScope(caller.scopes(), access.scopes()));
      }
      ApiError over = connections.claim(exchange.request().connection(), exchange.holder());
      return over == null ? null : Reply.error(over).with(CONNECTION, CLOSE);
    }
    boolean none = authorization(exchange) == null;
    ApiError refusal =
        none && access.scopes().contains(Scope.CLIENT) ? keyless.refusal(exchange) : null;
    if (refusal != null) {
      return Reply.error(refusal);
    }
    if (none) {
      return Reply.error(
          ApiError.wrongKey("An API key is needed: send it as 'Authorization: Bearer <key>'."));
    }
    keys.wrong().came(exchange.address());
    return Reply.error(ApiError.wrongKey("This API key is not known here."));
  }

  /** On the event loop. */
  private void finish(Exchange exchange, @Nullable Reply reply) {
    HttpServerRequest request = exchange.request();
    if (reply == null || exchange.gone().isDone()) {
      request.connection().close();
      done(exchange);
      return;
    }
    boolean bodyUnread = !request.isEnded();
    if (bodyUnread) {
      linger(request, reply.status() == 408 ? Duration.ZERO : LINGER);
    }
    long limit = idleTimeout.toMillis() + 1_000L * reply.body().length / SLOWEST_READER;
    long slowest = context.owner().setTimer(limit, _ -> request.connection().close());
    write(exchange, reply)
        .onComplete(_ -> {
          context.owner().cancelTimer(slowest);
          if (CLOSE.equals(reply.headers().get(CONNECTION))) {
            request.connection().close();
          }
          connections.idle(request.connection());
          done(exchange);
        });
  }

  /**
   * Closing at once would reset the connection and take the answer with it, so what still comes is
   * thrown away for a while.
   */
  private void linger(HttpServerRequest request, Duration limit) {
    long timer =
        context
            .owner()
            .setTimer(Math.max(100, limit.toMillis()), _ -> request.connection().close());
    request.handler(_ -> {});
    request.endHandler(_ -> context.owner().cancelTimer(timer));
    request.exceptionHandler(_ -> context.owner().cancelTimer(timer));
    request.resume();
  }

  private Future<Void> write(Exchange exchange, Reply reply) {
    HttpServerResponse response = exchange.request().response();
    response.setStatusCode(reply.status());
    reply.headers().forEach(response::putHeader);
    putCommon(exchange);
    byte[] body = reply.body();
    if (body.length <= PORTION) {
      return response.end(Buffer.buffer(body));
    }
    response.putHeader("Content-Length", Integer.toString(body.length));
    return exchange.request().method().equals(HttpMethod.HEAD)
        ? response.end()
        : write(response, body, 0);
  }

  /**
   * Writes a long body in portions, the next when the one before has gone out: what is written
   * ahead is in memory a second time.
   */
  private static Future<Void> write(HttpServerResponse response, byte[] body, int from) {
    int some = Math.min(PORTION, body.length - from);
    Buffer portion = Buffer.buffer(some).appendBytes(body, from, some);
    return from + some == body.length
        ? response.end(portion)
        : response.write(portion).compose(_ -> write(response, body, from + some));
  }

  private void putCommon(Exchange exchange) {
    HttpServerResponse response = exchange.request().response();
    response.putHeader("X-Request-Id", exchange.id());
    response.putHeader("X-Content-Type-Options", "nosniff");
    // Not no-referrer: with that, browsers send the Origin of our own forms as null.
    response.putHeader("Referrer-Policy", "same-origin");
    origins.mark(exchange, response);
  }

  private void done(Exchange exchange) {
    exchange.letGo();
    if (inFlight.decrementAndGet() == 0 && stopping) {
      drained.complete(null);
    }
  }
}
