package dev.penstock.web;

import dev.penstock.base.Unavailable;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import dev.penstock.security.LoginThrottle;
import dev.penstock.task.TaskId;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One request on its way to its answer. Belongs to its virtual thread, {@link #gone} apart. */
public final class Exchange {
  private static final Pattern SANE_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int ID_BYTES = 12;

  private final HttpServerRequest request;
  private final String id;
  private final long started = System.nanoTime();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final boolean page;
  private Map<String, String> parameters = Map.of();
  private byte[] body = {};
  private @Nullable CompletableFuture<Buffer> begun;
  private @Nullable Caller caller;
  private Supplier<Optional<Caller>> whoAsks = Optional::empty;
  private @Nullable TaskId task;
  private @Nullable Shares shares;
  private Share.@Nullable Held sent;

  /**
   * @param page whether it is for a page of ours, and not for the API
   */
  Exchange(HttpServerRequest request, boolean page) {
    this.request = request;
    this.page = page;
    this.id = idOf(request);
  }

  /** The client's own request id where it is harmless, or a new one. */
  private static String idOf(HttpServerRequest request) {
    String theirs = request.getHeader("X-Request-Id");
    if (theirs != null && SANE_ID.matcher(theirs).matches()) {
      return theirs;
    }
    byte[] random = new byte[ID_BYTES];
    ThreadLocalRandom.current().nextBytes(random);
    return "req_" + HexFormat.of().formatHex(random);
  }

  /** Whether it is for a page of ours, and not for the API. */
  boolean isPage() {
    return page;
  }

  public HttpServerRequest request() {
    return request;
  }

  public String id() {
    return id;
  }

  public @Nullable String header(String name) {
    return request.getHeader(name);
  }

  /** The path and what follows it, as sent. */
  String uri() {
    return request.uri();
  }

  /** What follows the question mark, as sent; empty: nothing. */
  public String query() {
    String query = request.query();
    return query == null ? "" : query;
  }

  /** The address that the connection comes from. */
  public String address() {
    String address = request.remoteAddress().hostAddress();
    return address == null ? "" : address;
  }

  /** A parameter of the path, percent-decoded. */
  public String parameter(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the path has no {" + name + "}");
    }
    return value;
  }

  void parameters(Map<String, String> values) {
    parameters = values;
  }

  public byte[] body() {
    return body;
  }

  void body(byte[] bytes) {
    body = bytes;
  }

  /** The body that is being read, before anybody has asked for it; null: none is. */
  @Nullable CompletableFuture<Buffer> begun() {
    return begun;
  }

  void begun(@Nullable CompletableFuture<Buffer> reading) {
    begun = reading;
  }

  /** Who asks. Not on open routes. */
  public Caller caller() {
    if (caller == null) {
      throw new IllegalStateException("an open route has no caller");
    }
    return caller;
  }

  /**
   * Who asks, also on open routes; empty: nobody that is known here, or the keys cannot be looked
   * up now.
   */
  public Optional<Caller> known() {
    try {
      return caller == null ? whoAsks.get() : Optional.of(caller);
    } catch (Unavailable e) {
      return Optional.empty();
    }
  }

  void whoAsks(Supplier<Optional<Caller>> look) {
    whoAsks = look;
  }

  void caller(Caller who) {
    caller = who;
  }

  /** Whose request it is, where that is known by now; null: nobody's that we know. */
  @Nullable String owner() {
    return caller == null ? null : caller.owner();
  }

  /** Who has a share: the key, or where there is none the address that it comes from. */
  public String holder() {
    Caller who = caller;
    return who == null || who.equals(ApiKeys.WITHOUT_KEY)
        ? "address " + LoginThrottle.network(address())
        : who.keyId();
  }

  /** What each key has of what all use. */
  public Shares shares() {
    if (shares == null) {
      throw new IllegalStateException("it was refused before it was looked at");
    }
    return shares;
  }

  void shares(Shares all) {
    shares = all;
  }

  /** What the body takes of the key's share, until it is answered. */
  Share.Held sent() {
    if (sent == null) {
      sent = shares().bodies().begin(holder());
    }
    return sent;
  }

  /** The body is needed no more. */
  void answered() {
    if (sent != null) {
      sent.close();
    }
  }

  /** Which task it is about, for the log: it may fail before it has an answer. */
  public void about(TaskId id) {
    task = id;
  }

  @Nullable TaskId task() {
    return task;
  }

  /** When the request came: a {@link System#nanoTime}. */
  public long started() {
    return started;
  }

  /** When the request came, by the clock. */
  public Instant came() {
    return Instant.now().minusNanos(System.nanoTime() - started);
  }

  /**
   * Completed, on the event loop, when the client closes the connection before it has its answer.
   */
  public CompletableFuture<Void> gone() {
    return gone;
  }
}
