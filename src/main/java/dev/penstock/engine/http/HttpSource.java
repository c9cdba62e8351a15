package dev.penstock.engine.http;

import dev.penstock.engine.RouteTerms;
import dev.penstock.engine.RoutedSource;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A server that runs a model.
 *
 * @param backend whose protocol it speaks
 * @param url what paths are put behind
 * @param model what it calls the model; empty: as we do
 * @param headers sent with every request; may hold secrets
 * @param pass members of requests that are handed on as they are
 * @param keepAlive how long Ollama keeps the model open; empty: as it is set there
 */
record HttpSource(
    String backend,
    URI url,
    String model,
    KeyPlace key,
    Map<String, String> headers,
    Set<String> pass,
    RouteTerms route,
    Limits limits,
    String keepAlive)
    implements RoutedSource {

  HttpSource {
    headers = Map.copyOf(headers);
    pass = Set.copyOf(pass);
  }

  /**
   * How long is waited.
   *
   * @param connect for a connection
   * @param firstByte for the first of an answer, from the request on
   * @param idle for more of it
   */
  record Limits(Duration connect, Duration firstByte, Duration idle) {}

  /**
   * Where the key is. It is read for each request.
   *
   * @param file a path; null: in none
   * @param variable of the environment; null: in none
   */
  record KeyPlace(@Nullable String file, @Nullable String variable) {
    static final KeyPlace NONE = new KeyPlace(null, null);
  }

  @Override
  public String host() {
    return url.getHost();
  }

  URI at(String path) {
    return URI.create(url + path);
  }

  /** Without what may be secret. */
  @Override
  public String toString() {
    return backend + " at " + url;
  }
}
