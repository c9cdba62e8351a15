package dev.penstock.web;

import dev.penstock.base.ParsedJson;
import dev.penstock.base.Room;
import dev.penstock.base.Unavailable;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import dev.penstock.security.LoginThrottle;
import dev.penstock.task.TaskId;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
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

  /** Less is not counted: there is no more of it than there are requests. */
  private static final int LITTLE = 16 * 1024;

  /** How long a request waits for memory that others have. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final HttpServerRequest request;
  private final Room replies;
  private final String id;
  private final long started = System.nanoTime();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final boolean page;
  private Map<String, String> parameters = Map.of();
  private byte[] body = {};
  private long parsed;
  private long held;
  private @Nullable CompletableFuture<ReceivedBody> begun;
  private @Nullable Caller caller;
  private Supplier<Optional<Caller>> whoAsks = Optional::empty;
  private @Nullable TaskId task;
  private @Nullable Shares shares;
  private Share.@Nullable Held sent;

  /**
   * @param replies the room for what answers are made of
   * @param page whether it is for a page of ours, and not for the API
   */
  Exchange(HttpServerRequest request, Room replies, boolean page) {
    this.request = request;
    this.replies = replies;
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

  /**
   * Takes room for what the body, or a part of it, becomes once it is parsed: see {@link
   * ParsedJson}.
   *
   * @throws Refusal 503 when others have it
   */
  public void parse(long bytes) throws InterruptedException {
    if (bytes > LITTLE) {
      if (!ParsedJson.REQUESTS.take(bytes, PATIENCE)) {
        throw new Refusal(ApiError.overloaded("Too much is being read at once."));
      }
      parsed += bytes;
    }
  }

  /** What the body says has been read: a tree of it is needed no more. For who goes on to wait. */
  public void bodyIsRead() {
    letGoOfParsed(body.length);
  }

  /** No more than the texts of it, or nothing, is kept. */
  void letGoOfParsed(long kept) {
    if (parsed > kept) {
      ParsedJson.REQUESTS.give(parsed - kept);
      parsed = kept;
    }
  }

  /**
   * Takes room for so much memory, until the answer has gone out: before what it is made of is
   * there, where it may be long.
   *
   * @throws Refusal 503 when others have it
   */
  public void hold(long bytes) throws InterruptedException {
    if (bytes > LITTLE) {
      if (!replies.take(bytes, PATIENCE)) {
        throw new Refusal(ApiError.overloaded("Too much is being answered at once."));
      }
      held += bytes;
    }
  }

  /** How much is held. */
  long held() {
    return held;
  }

  /** So much of what is held is needed no more. */
  public void letGo(long bytes) {
    long some = Math.min(bytes, held);
    if (some > 0) {
      held -= some;
      replies.give(some);
    }
  }

  /** Nothing of what is held is needed any more. */
  public void letGo() {
    letGo(held);
  }

  /** The body that is being read, before anybody has asked for it; null: none is. */
  @Nullable CompletableFuture<ReceivedBody> begun() {
    return begun;
  }

  void begun(@Nullable CompletableFuture<ReceivedBody> reading) {
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
