package dev.penstock.web;

import dev.penstock.security.LoginThrottle;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts connections by address and by key, and closes those whose next request does not come, or
 * comes too slowly: the server's own idle timeout is fooled by a byte now and then. Lives on one
 * event loop, {@link #claim} apart.
 */
public final class Connections {
  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  /** Time in which a request turns up that came before its client closed its half. */
  private static final Duration LAST = Duration.ofMillis(100);

  private final Vertx vertx;
  private final HttpServerOptions options;
  private final Share addresses;
  private final Share ofKeys;
  private final Share everywhere;
  private final Places places;
  private final Duration firstHead;
  private final Duration nextHead;
  private final Map<HttpConnection, State> states = new ConcurrentHashMap<>();

  /**
   * @param options the server's
   * @param firstHead how long a new connection may take to send its first request's headers
   * @param nextHead the same after an answer, idle time included
   */
  public Connections(
      Vertx vertx,
      HttpServerOptions options,
      Shares shares,
      Duration firstHead,
      Duration nextHead) {
    this.vertx = vertx;
    this.options = options;
    this.addresses = shares.addresses();
    this.ofKeys = shares.connections();
    this.everywhere = shares.everywhere();
    this.places = shares.places();
    this.firstHead = firstHead;
    this.nextHead = nextHead;
  }

  public void opened(HttpConnection connection) {
    String address = connection.remoteAddress().hostAddress();
    String network = LoginThrottle.network(address == null ? "" : address);
    Share.Held place = addresses.begin(network);
    if (place.add(1) != null) {
      LOG.debug("connection refused: {} has {} already", network, addresses.most());
      connection.close();
      return;
    }
    HttpConnection without = places.enter(connection);
    if (without != null) {
      LOG.debug("connection of {} closed: all places are taken", without.remoteAddress());
      cut(without);
    }
    if (connection.equals(without)) {
      place.close();
      return;
    }
    StrictDecoder.into(connection, options);
    var state = new State(network);
    states.put(connection, state);
    connection.closeHandler(_ -> {
      states.remove(connection);
      state.disarm();
      state.closed();
      place.close();
      places.leave(connection);
    });
    state.arm(connection, firstHead);
    HalfClosed.allow(
        connection,
        () -> state.requests == 1 ? state.current : null,
        () -> state.ended(connection));
  }

  /** Waits for nobody who reads slowly: its descriptor is another's now. */
  private static void cut(HttpConnection connection) {
    if (connection instanceof HttpServerConnection server) {
      var _ = server.channelHandlerContext().channel().close();
    } else {
      connection.close();
    }
  }

  /**
   * A request on the connection is of that key: the connection is the key's until another key's
   * request comes on it. From any thread.
   *
   * @return what to answer when the key has too many from there; null: it may have it
   */
  @Nullable ApiError claim(HttpConnection connection, String key) {
    State state = states.get(connection);
    ApiError over = state == null ? null : state.claim(key);
    if (over == null) {
      places.keep(connection);
    }
    return over;
  }

  /**
   * A request's headers have come.
   *
   * @param hands as {@link Route#hands}
   */
  void busy(HttpServerRequest request, boolean hands) {
    State state = states.get(request.connection());
    if (state != null) {
      state.requests++;
      state.current = request;
      state.hands = hands;
      state.disarm();
    }
  }

  /** A request has been answered; a pipelined one may have begun before. */
  void idle(HttpConnection connection) {
    State state = states.get(connection);
    if (state != null && --state.requests == 0) {
      state.current = null;
      state.arm(connection, state.noMore ? LAST : nextHead);
    }
  }

  private final class State {
    private static final long NONE = -1;
    private final String network;
    private long timer = NONE;
    private int requests;

    /** The last that came; null: all are answered. */
    private @Nullable HttpServerRequest current;

    /** Of the current request. */
    private boolean hands;

    private boolean noMore;

    /** The client sends no more; what has come is answered. */
    void ended(HttpConnection connection) {
      noMore = true;
      if (requests == 0) {
        arm(connection, LAST);
      } else if (requests == 1 && hands) {
        connection.close();
      }
    }

    /** Whose it is, and its place among theirs; null: nobody's yet. Guarded by this. */
    private @Nullable String key;

    private Share.@Nullable Held place;

    /** The same, whatever address it comes from. */
    private Share.@Nullable Held placeAnywhere;

    private boolean closed;

    State(String network) {
      this.network = network;
    }

    synchronized @Nullable ApiError claim(String who) {
      if (closed || who.equals(key)) {
        return null;
      }
      giveBack();
      key = null;
      Share.Held here = ofKeys.begin(Share.part(who, network));
      Share.Held anywhere = everywhere.begin(who);
      place = here;
      placeAnywhere = anywhere;
      ApiError over = here.add(1);
      if (over == null) {
        over = anywhere.add(1);
      }
      if (over == null) {
        key = who;
      }
      return over;
    }

    synchronized void closed() {
      closed = true;
      giveBack();
    }

    private void giveBack() {
      if (place != null) {
        place.close();
      }
      if (placeAnywhere != null) {
        placeAnywhere.close();
      }
    }

    void arm(HttpConnection connection, Duration limit) {
      disarm();
      timer = vertx.setTimer(Math.max(1, limit.toMillis()), _ -> connection.close());
    }

    void disarm() {
      if (timer != NONE) {
        vertx.cancelTimer(timer);
        timer = NONE;
      }
    }
  }
}
