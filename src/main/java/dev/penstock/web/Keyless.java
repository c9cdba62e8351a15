package dev.penstock.web;

import dev.penstock.base.Loopback;
import dev.penstock.base.Visible;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.Caller;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Requests without a key where {@code auth.none} takes them, which it does from programs on this
 * machine. Browsers run there too: what they say of a page's origin keeps out pages from elsewhere,
 * and the Host those whose name was made to lead here (DNS rebinding).
 */
final class Keyless {
  /** A proxy's word on who asks. */
  private static final List<String> FORWARDED = List.of("X-Forwarded-For", "X-Real-IP");

  private final boolean on;
  private final Origins origins;

  Keyless(boolean on, Origins origins) {
    this.on = on;
    this.origins = origins;
  }

  /** Who asks without a key; empty: that is nobody here. */
  Optional<Caller> caller(Exchange exchange) {
    return on && refusal(exchange) == null ? Optional.of(ApiKeys.WITHOUT_KEY) : Optional.empty();
  }

  /** Why this request needs a key though others do not; null: it does not, or all need one. */
  @Nullable ApiError refusal(Exchange exchange) {
    if (!on) {
      return null;
    } else if (!Loopback.is(exchange.address().replaceFirst("%.*", "")) || forwarded(exchange)) {
      return forbidden("key_needed", "it came from another machine, or through a proxy");
    }
    String host = exchange.header("Host");
    if (host == null || !Loopback.is(host.replaceFirst(":\\d*$", ""))) {
      return forbidden(
          "host_not_allowed",
          "its Host is %s, and not localhost or a loopback address"
              .formatted(host == null ? "absent" : Visible.quoted(host)));
    } else if (!ours(exchange)) {
      String origin = exchange.header("Origin");
      return forbidden(
          "origin_not_allowed",
          "a page from %s sent it, which api.cors-origins does not have"
              .formatted(origin == null ? "elsewhere" : Visible.quoted(origin)));
    }
    return json(exchange)
        ? null
        : ApiError.http(
            415,
            "unsupported_media_type",
            "Without a key, what is sent must be application/json (UTF-8).");
  }

  private static ApiError forbidden(String code, String why) {
    return ApiError.http(
        403,
        code,
        "This request needs a key, though auth.none lets programs on this machine do without: %s."
            .formatted(why));
  }

  private static boolean forwarded(Exchange exchange) {
    for (String name : FORWARDED) {
      String addresses = exchange.header(name);
      if (addresses != null
          && !Arrays.stream(addresses.split(",", -1)).map(String::strip).allMatch(Loopback::is)) {
        return true;
      }
    }
    return exchange.header("Forwarded") != null;
  }

  /**
   * Whether no page from elsewhere sent it. A page's image or link comes without an Origin, and all
   * browsers of today say of it where it comes from.
   */
  private boolean ours(Exchange exchange) {
    String origin = exchange.header("Origin");
    return origin == null
        ? !"cross-site".equals(exchange.header("Sec-Fetch-Site"))
        : local(origin) || origins.allows(origin);
  }

  private static boolean local(String origin) {
    try {
      var uri = new URI(origin);
      String scheme = uri.getScheme();
      return ("http".equals(scheme) || "https".equals(scheme))
          && uri.getHost() != null
          && Loopback.is(uri.getHost());
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /** Whether it is nothing that a form of a page could send. A body has its own check. */
  private static boolean json(Exchange exchange) {
    HttpMethod method = exchange.request().method();
    String type = exchange.header("Content-Type");
    return type == null
        || method.equals(HttpMethod.GET)
        || method.equals(HttpMethod.HEAD)
        || type.toLowerCase(Locale.ROOT).startsWith("application/json");
  }
}
