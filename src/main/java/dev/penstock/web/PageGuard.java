package dev.penstock.web;

import dev.penstock.security.Caller;
import dev.penstock.security.SessionCookie;
import dev.penstock.security.Sessions;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps the pages to those who are logged in, and their forms to our own pages. */
final class PageGuard {
  /** Said by a page of ours that asks by itself: nobody need sit before it. */
  private static final String LIVE = "Penstock-Live";

  private final Sessions sessions;

  PageGuard(Sessions sessions) {
    this.sessions = sessions;
  }

  /** Who is logged in. What an open page asks for by itself does not keep its session alive. */
  Optional<Caller> caller(Exchange exchange) {
    String token = SessionCookie.read(exchange.header("Cookie")).orElse(null);
    boolean byItself =
        exchange.header(LIVE) != null || "text/event-stream".equals(exchange.header("Accept"));
    return byItself ? sessions.look(token) : sessions.use(token);
  }

  /** Null when the request may go on. */
  @Nullable Reply deny(Exchange exchange) {
    Reply forged = denyForged(exchange);
    if (forged != null) {
      return forged;
    }
    Optional<Caller> caller = caller(exchange);
    if (caller.isPresent()) {
      exchange.caller(caller.get());
      return null;
    }
    boolean reads = !exchange.request().method().equals(HttpMethod.POST);
    String login =
        reads && !exchange.uri().equals("/")
            ? "/login?next=" + URLEncoder.encode(exchange.uri(), StandardCharsets.UTF_8)
            : "/login";
    if (exchange.header("HX-Request") != null) {
      return Reply.error(ApiError.wrongKey("The login has ended.")).with("HX-Redirect", login);
    }
    return new Reply(303, Map.of("Location", login, "Cache-Control", "no-store"), new byte[0]);
  }

  /** Null unless another site's page, or none, sends something that would change ours. */
  @Nullable Reply denyForged(Exchange exchange) {
    if (!exchange.request().method().equals(HttpMethod.POST) || fromOurs(exchange)) {
      return null;
    }
    return Reply.error(
        ApiError.http(403, "cross_site", "This must be sent from a page of this server."));
  }

  /**
   * Browsers say where a request comes from, and pages cannot change that. Not all say it in the
   * first way: over plain HTTP they leave it out.
   */
  private static boolean fromOurs(Exchange exchange) {
    String site = exchange.header("Sec-Fetch-Site");
    if (site != null) {
      return site.equals("same-origin");
    }
    String origin = exchange.header("Origin");
    String host = exchange.header("Host");
    if (origin == null || host == null) {
      return false;
    }
    try {
      return host.equalsIgnoreCase(new URI(origin).getRawAuthority());
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
