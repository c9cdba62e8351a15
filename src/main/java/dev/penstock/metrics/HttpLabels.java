package dev.penstock.metrics;

import io.micrometer.core.instrument.Tag;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.spi.observability.HttpRequest;
import java.util.List;
import java.util.Set;

/** The labels that requests are measured under which depend on what a stranger has written. */
public final class HttpLabels {
  private static final Set<HttpMethod> KNOWN =
      Set.of(
          HttpMethod.GET,
          HttpMethod.HEAD,
          HttpMethod.POST,
          HttpMethod.PUT,
          HttpMethod.PATCH,
          HttpMethod.DELETE,
          HttpMethod.OPTIONS);

  private HttpLabels() {}

  /** The method; one that is none of HTTP's usual ones is {@code OTHER}. */
  public static Iterable<Tag> of(HttpRequest request) {
    HttpMethod method = request.method();
    return List.of(Tag.of("method", KNOWN.contains(method) ? method.name() : "OTHER"));
  }
}
