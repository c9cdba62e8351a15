package dev.penstock.web;

import dev.penstock.core.InvalidInput;
import dev.penstock.json.Fields;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The query parameters of a request, checked as they are read. */
public record Query(Map<String, List<String>> values) {
  private static final int MOST = 200;

  public static Query of(Exchange exchange) {
    String query = exchange.request().query();
    if (query == null) {
      return new Query(Map.of());
    }
    try {
      var decoder = new QueryStringDecoder(query, StandardCharsets.UTF_8, false, MOST, true);
      return new Query(decoder.parameters());
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid(null, "The query cannot be decoded: look for a stray '%'.");
    }
  }

  /** A resource that takes no query parameters: a misspelt one should not be lost silently. */
  public static Route.Resource none(Route.Resource resource) {
    return exchange -> {
      of(exchange).only(Set.of());
      return resource.answer(exchange);
    };
  }

  /** Refuses every parameter that is not among these. */
  public Query only(Set<String> known) {
    for (String name : values.keySet()) {
      if (!known.contains(name)) {
        throw bad(
            name,
            known.isEmpty()
                ? "is unknown: this route takes no query parameters"
                : "is unknown here; known are " + String.join(", ", new TreeSet<>(known)));
      }
    }
    return this;
  }

  public @Nullable String text(String name, int maxLength) {
    List<String> all = values.getOrDefault(name, List.of());
    if (all.isEmpty()) {
      return null;
    }
    if (all.size() > 1) {
      throw bad(name, "may be given once only");
    }
    String text = all.getFirst();
    if (text.isEmpty() || Fields.length(text) > maxLength) {
      throw bad(name, "must have 1 to " + maxLength + " characters");
    }
    return text;
  }

  public int whole(String name, int min, int max, int standard) {
    String text = text(name, String.valueOf(max).length());
    if (text == null) {
      return standard;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw bad(name, "must be a whole number from " + min + " to " + max);
  }

  /** All values of a parameter that may be repeated, or have several with commas between them. */
  public List<String> each(String name) {
    var all = new ArrayList<String>();
    for (String value : values.getOrDefault(name, List.of())) {
      all.addAll(List.of(value.split(",", -1)));
    }
    return all;
  }

  public static InvalidInput bad(String name, String problem) {
    return Fields.problem(name, problem);
  }
}
