package dev.penstock.http;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One method of one path.
 *
 * @param path as in openapi.yaml: {@code {name}} stands for one segment, or for the rest of the
 *     path where it comes last and is greedy
 * @param body the most bytes its body may have; 0: it takes none
 */
record Route(HttpMethod method, String path, Access access, int body, Resource resource) {

  /** Who may ask. */
  enum Access {
    /** Anybody. */
    OPEN,
    /** The holder of a key. */
    KEY,
    /** The holder of a key; a browser may ask its user for it. */
    BROWSER
  }

  /** Answers a request, on a virtual thread: it may block, for a bounded time. */
  @FunctionalInterface
  interface Resource {
    Reply answer(Exchange exchange) throws InterruptedException;
  }

  static Route get(String path, Access access, Resource resource) {
    return new Route(HttpMethod.GET, path, access, 0, resource);
  }

  static Route post(String path, Access access, int body, Resource resource) {
    return new Route(HttpMethod.POST, path, access, body, resource);
  }

  /** Matches raw paths; its groups are the parameters, in order. */
  Pattern pattern() {
    var regex = new StringBuilder();
    Matcher names = PARAMETER.matcher(path);
    int from = 0;
    while (names.find()) {
      regex.append(Pattern.quote(path.substring(from, names.start())));
      regex.append(
          names.group(1).equals(REST) && names.end() == path.length() ? "(.+)" : "([^/]+)");
      from = names.end();
    }
    return Pattern.compile(regex.append(Pattern.quote(path.substring(from))).toString());
  }

  /** The names of the path's parameters, in order. */
  List<String> parameters() {
    return PARAMETER.matcher(path).results().map(found -> found.group(1)).toList();
  }

  /** A model's id may contain slashes, so it takes the rest of the path. */
  static final String REST = "model";

  private static final Pattern PARAMETER = Pattern.compile("\\{([a-z]+)}");
}
