package dev.penstock.web;

import dev.penstock.base.OnceAMinute;
import dev.penstock.base.Visible;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Web pages from elsewhere that may use the API, and what their browsers are told of it (CORS).
 * They come with a key, never with a login's cookie, and our own pages are not for them.
 */
final class Origins {
  private static final Logger LOG = LoggerFactory.getLogger(Origins.class);

  private static final String ORIGIN = "Origin";
  private static final String VARY = "Vary";
  private static final String ANY = "*";
  private static final String WANTED_METHOD = "Access-Control-Request-Method";
  private static final String WANTED_HEADERS = "Access-Control-Request-Headers";
  private static final String PRIVATE_NETWORK = "Access-Control-%s-Private-Network";

  /** More than there are: a wrong method is to be told by a 405 that the page can read. */
  private static final String METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";

  /**
   * What is allowed without being asked for. What is asked for is allowed too, whatever it is: the
   * key decides who may do what, and lists of names are never complete, as clients send new ones
   * with each version.
   */
  private static final List<String> HEADERS =
      List.of(
          "authorization",
          "content-type",
          "api-key",
          "idempotency-key",
          "prefer",
          "x-request-id",
          "last-event-id");

  private static final Pattern NAMES =
      Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+(\\s*,\\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*+");

  /** What a page may read of an answer's head, beside what it always may. */
  private static final String READABLE =
      String.join(
          ", ",
          "Location",
          "Retry-After",
          "Idempotent-Replayed",
          "Preference-Applied",
          "WWW-Authenticate",
          "Allow",
          "ETag",
          "X-Request-Id",
          "X-Task-Id",
          "x-should-retry",
          "x-queue-ms",
          "x-inference-ms",
          "x-total-ms",
          "x-truncated",
          "x-backend",
          "x-warning");

  /** Seconds for which a browser need not ask again. */
  private static final String REMEMBERED = "600";

  private final Set<String> allowed;
  private final OnceAMinute refused = new OnceAMinute();

  /**
   * @param allowed as browsers send them, or one star for all; empty: none
   */
  Origins(List<String> allowed) {
    this.allowed = Set.copyOf(allowed);
  }

  /** Whether a page from there may use the API. */
  boolean allows(String origin) {
    return allowed.contains(ANY) || allowed.contains(origin.toLowerCase(Locale.ROOT));
  }

  /** Whether it is such a page's browser that asks. */
  boolean sent(Exchange exchange) {
    String origin = exchange.header(ORIGIN);
    return origin != null && allows(origin);
  }

  /**
   * Answers a browser's question whether a page may send what it is about to. Without a key, which
   * browsers leave out there, and whether there is such a route or not: why not is told by the
   * answer to what comes then, and only there can the page read it.
   *
   * @return null: it is no such question
   */
  @Nullable Reply preflight(Exchange exchange) {
    String origin = exchange.header(ORIGIN);
    if (allowed.isEmpty()
        || exchange.isPage()
        || origin == null
        || !exchange.request().method().equals(HttpMethod.OPTIONS)
        || exchange.header(WANTED_METHOD) == null) {
      return null;
    }
    if (!allows(origin)) {
      long count = refused.happened(1);
      if (count > 0) {
        LOG.warn(
            "{} times a browser asked for a page that api.cors-origins does not have, last one from {}",
            count,
            Visible.quoted(origin));
      }
      return Reply.error(
          ApiError.http(
              403,
              "origin_not_allowed",
              "Pages from %s may not use this server: its setting api.cors-origins does not have them."
                  .formatted(Visible.quoted(origin))));
    }
    Reply reply =
        new Reply(204, Map.of(), new byte[0])
            .with("Access-Control-Allow-Methods", METHODS)
            .with("Access-Control-Allow-Headers", headers(exchange.header(WANTED_HEADERS)))
            .with("Access-Control-Max-Age", REMEMBERED)
            .with(VARY, WANTED_METHOD + ", " + WANTED_HEADERS);
    return "true".equals(exchange.header(PRIVATE_NETWORK.formatted("Request")))
        ? reply.with(PRIVATE_NETWORK.formatted("Allow"), "true")
        : reply;
  }

  private static String headers(@Nullable String wanted) {
    var names = new LinkedHashSet<>(HEADERS);
    if (wanted != null && NAMES.matcher(wanted.strip()).matches()) {
      names.addAll(List.of(wanted.strip().toLowerCase(Locale.ROOT).split("\\s*,\\s*")));
    }
    return String.join(", ", names);
  }

  /**
   * Tells the browser whether the page may read the answer, an error as well as any: otherwise all
   * that its author sees is that something about CORS is wrong.
   */
  void mark(Exchange exchange, HttpServerResponse response) {
    if (allowed.isEmpty() || exchange.isPage()) {
      return;
    }
    // Also where none was sent: a cache must not give that answer to a page.
    String vary = response.headers().get(VARY);
    response.putHeader(VARY, vary == null ? ORIGIN : vary + ", " + ORIGIN);
    String origin = exchange.header(ORIGIN);
    if (origin != null && allows(origin)) {
      response.putHeader("Access-Control-Allow-Origin", allowed.contains(ANY) ? ANY : origin);
      response.putHeader("Access-Control-Expose-Headers", READABLE);
    }
  }
}
