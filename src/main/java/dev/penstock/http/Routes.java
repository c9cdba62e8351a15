package dev.penstock.http;

import io.vertx.core.http.HttpMethod;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** All routes, and the way from a request line to one of them. */
final class Routes {
  private final List<Entry> entries;

  Routes(List<Route> routes) {
    entries = routes.stream().map(route -> new Entry(route, route.pattern())).toList();
  }

  List<Route> all() {
    return entries.stream().map(Entry::route).toList();
  }

  /** HEAD is answered by GET's route; the server leaves the body out. */
  Match find(HttpMethod method, String rawPath) {
    HttpMethod wanted = method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method;
    var allowed = new TreeSet<String>();
    for (Entry entry : entries) {
      Matcher matcher = entry.pattern.matcher(rawPath);
      if (matcher.matches()) {
        if (entry.route.method().equals(wanted)) {
          return new Match.Found(entry.route, parameters(entry.route, matcher));
        }
        allowed.add(entry.route.method().name());
      }
    }
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    return allowed.isEmpty() ? new Match.Unknown() : new Match.OtherMethod(List.copyOf(allowed));
  }

  private static Map<String, String> parameters(Route route, Matcher matcher) {
    var values = new HashMap<String, String>();
    List<String> names = route.parameters();
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), decode(matcher.group(i + 1)));
    }
    return values;
  }

  /** Percent-decoding of a path; what cannot be decoded stays, and will match nothing. */
  private static String decode(String raw) {
    try {
      return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return raw;
    }
  }

  /** Where a request line leads. */
  sealed interface Match {
    record Found(Route route, Map<String, String> parameters) implements Match {}

    record OtherMethod(List<String> allowed) implements Match {}

    record Unknown() implements Match {}
  }

  private record Entry(Route route, Pattern pattern) {}
}
