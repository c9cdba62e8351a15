package dev.penstock.web;

import dev.penstock.base.Unavailable;
import dev.penstock.config.Settings;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.Scope;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import dev.penstock.security.Sessions;
import dev.penstock.web.BodyReader.MediaType;
import dev.penstock.web.Route.Access;
import dev.penstock.web.Routes.Match;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  private static final int SLOWEST_READER = 16 * 1024;

  /** How long the end of an event stream may take, before which every event has been written. */
  private static final Duration STREAM_END = Duration.ofSeconds(2);

  /** Event streams open at a time; the rest are refused. */
  private static final int MAX_STREAMS = 512;

  /** Of one owner, or of all who have no key. */
  private static final int MAX_STREAMS_OF_ONE = MAX_STREAMS / 2;

  private static final String AUTHORIZATION = "Authorization";
  private static final String API_KEY = "api-key";
  private static final String BEARER = "Bearer";

  private final Context context;
  private final ApiKeys keys;
  private final PageGuard pages;
  private final Origins origins;
  private final Keyless keyless;
  private final BodyReader bodies;
  private final Connections connections;
  private final Duration idleTimeout;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private final Set<Streaming> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  public Pipeline(
      Context context,
      ApiKeys keys,
      Sessions sessions,
      BodyReader bodies,
      Connections connections,
      Settings settings) {
    this.context = context;
    this.keys = keys;
    this.pages = new PageGuard(sessions);
    this.origins = new Origins(settings.api().corsOrigins().orElse(List.of()));
    this.keyless = new Keyless(settings.auth().none(), origins);
    this.bodies = bodies;
    this.connections = connections;
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

  /** A request's headers have come. On the event loop. */
  public void accept(HttpServerRequest request, Match match) {
    request.pause();
    connections.busy(request);
    inFlight.incrementAndGet();
    var exchange = new Exchange(request, match.page());
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
    connections.busy(request);
    write(new Exchange(request, false), MalformedRequests.reply(error))
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
      switch (answer) {
        case EventStream(var source) -> stream(exchange, source);
        case Reply reply -> {
          Reply packed = reply.packedFor(exchange.header("Accept-Encoding"));
          context.runOnContext(_ -> finish(exchange, packed));
        }
        case null -> context.runOnContext(_ -> finish(exchange, null));
      }
    }
  }

  /** A thread while it streams, and not after: what it does then is not to be interrupted. */
  private static final class Streaming {
    private final @Nullable String owner;
    private final Thread thread = Thread.currentThread();
    private boolean over;

    Streaming(@Nullable String owner) {
      this.owner = owner;
    }

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
  private void stream(Exchange exchange, EventStream.Source source) {
    String owner = exchange.owner();
    var streaming = new Streaming(owner);
    streams.add(streaming);
    var _ = exchange.gone().thenRun(streaming::interrupt);
    try {
      long own = streams.stream().filter(each -> Objects.equals(each.owner, owner)).count();
      if (own > MAX_STREAMS_OF_ONE || streams.size() > MAX_STREAMS) {
        String open =
            own > MAX_STREAMS_OF_ONE ? MAX_STREAMS_OF_ONE + " of yours" : MAX_STREAMS + " of all";
        Reply full =
            Reply.error(ApiError.overloaded("Event streams are open already: " + open + "."));
        context.runOnContext(_ -> finish(exchange, full));
        return;
      }
      if (!stopping) {
        begin(exchange);
      }
      if (!stopping && !exchange.request().method().equals(HttpMethod.HEAD)) {
        source.writeTo(new EventSink(exchange, context));
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
    context.runOnContext(_ -> end(exchange));
  }

  private void begin(Exchange exchange) {
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
      putCommon(exchange);
    });
  }

  /** On the event loop. */
  private void end(Exchange exchange) {
    HttpServerRequest request = exchange.request();
    if (exchange.gone().isDone()) {
      request.connection().close();
      done();
      return;
    }
    // Closing waits for what has been written, which a client that has stopped reading never takes;
    // so the request is over after a while, and its connection when it has been idle for long.
    var over = new AtomicBoolean();
    long slowest =
        context
            .owner()
            .setTimer(
                STREAM_END.toMillis(),
                _ -> {
                  request.connection().close();
                  if (over.compareAndSet(false, true)) {
                    done();
                  }
                });
    request
        .response()
        .end()
        .onComplete(_ -> {
          context.owner().cancelTimer(slowest);
          connections.idle(request.connection());
          if (over.compareAndSet(false, true)) {
            done();
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
              ApiError.http(
                  404, "not_found", "There is no such route; see /docs for those there are."));
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
        }
        yield route.resource().answer(exchange);
      }
    };
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
      return caller.has(access.scopes())
          ? null
          : Reply.error(ApiError.wrongScope(caller.scopes(), access.scopes()));
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
      done();
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
          connections.idle(request.connection());
          done();
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
    return response.end(Buffer.buffer(reply.body()));
  }

  private void putCommon(Exchange exchange) {
    HttpServerResponse response = exchange.request().response();
    response.putHeader("X-Request-Id", exchange.id());
    response.putHeader("X-Content-Type-Options", "nosniff");
    // Not no-referrer: with that, browsers send the Origin of our own forms as null.
    response.putHeader("Referrer-Policy", "same-origin");
    origins.mark(exchange, response);
  }

  private void done() {
    if (inFlight.decrementAndGet() == 0 && stopping) {
      drained.complete(null);
    }
  }
}
