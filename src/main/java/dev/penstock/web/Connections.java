package dev.penstock.web;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts connections by address and closes those whose next request does not come, or comes too
 * slowly: the server's own idle timeout is fooled by a byte now and then. Lives on one event loop.
 */
public final class Connections {
  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  /** Time in which a request turns up that came before its client closed its half. */
  private static final Duration LAST = Duration.ofMillis(100);

  private final Vertx vertx;
  private final HttpServerOptions options;
  private final int perAddress;
  private final Duration firstHead;
  private final Duration nextHead;
  private final Map<String, Integer> byAddress = new HashMap<>();
  private final Map<HttpConnection, State> states = new HashMap<>();

  /**
   * @param options the server's
   * @param firstHead how long a new connection may take to send its first request's headers
   * @param nextHead the same after an answer, idle time included
   */
  public Connections(
      Vertx vertx,
      HttpServerOptions options,
      int perAddress,
      Duration firstHead,
      Duration nextHead) {
    this.vertx = vertx;
    this.options = options;
    this.perAddress = perAddress;
    this.firstHead = firstHead;
    this.nextHead = nextHead;
  }

  public void opened(HttpConnection connection) {
    String address = connection.remoteAddress().hostAddress();
    String key = address == null ? "" : address;
    if (byAddress.merge(key, 1, Integer::sum) > perAddress) {
      LOG.debug("connection refused: {} has {} already", key, perAddress);
      left(key);
      connection.close();
      return;
    }
    StrictDecoder.into(connection, options);
    var state = new State();
    states.put(connection, state);
    connection.closeHandler(_ -> {
      states.remove(connection);
      state.disarm();
      left(key);
    });
    state.arm(connection, firstHead);
    HalfClosed.allow(
        connection,
        () -> state.requests == 1 ? state.current : null,
        () -> state.ended(connection));
  }

  private void left(String address) {
    byAddress.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
  }

  /** A request's headers have come. */
  void busy(HttpServerRequest request) {
    State state = states.get(request.connection());
    if (state != null) {
      state.requests++;
      state.current = request;
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
    private long timer = NONE;
    private int requests;

    /** The last that came; null: all are answered. */
    private @Nullable HttpServerRequest current;

    private boolean noMore;

    /** The client sends no more; what has come is answered. */
    void ended(HttpConnection connection) {
      noMore = true;
      if (requests == 0) {
        arm(connection, LAST);
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
