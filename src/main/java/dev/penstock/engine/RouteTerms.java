package dev.penstock.engine;

import dev.penstock.models.FieldReader;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How much of a model's work goes to one of its backends, and when.
 *
 * @param name what replies and figures call it; null: as its type
 * @param order the least of those that can is taken
 * @param weight its share among those of one order
 * @param concurrency the most answers that it makes at once
 * @param mayLeave whether it may be used though others go before it and it is outside of this
 *     network
 */
public record RouteTerms(
    @Nullable String name, int order, int weight, int concurrency, boolean mayLeave) {
  /** The keys of an entry that say it. */
  public static final Set<String> KEYS =
      Set.of("name", "order", "weight", "concurrency", "may_leave");

  /** Of a backend that says nothing, and keeps its own line. */
  static final RouteTerms OWN = new RouteTerms(null, 0, 1, Integer.MAX_VALUE, false);

  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
  private static final int CONCURRENCY = 8;
  private static final int MOST = 1_000;

  /** What an entry of models.yaml says. */
  public static RouteTerms read(FieldReader fields) {
    return new RouteTerms(
        fields.has("name")
            ? fields.text("name", NAME, "letters, digits, dots, dashes and underscores")
            : null,
        fields.has("order") ? fields.whole("order", 0, MOST) : 0,
        fields.has("weight") ? fields.whole("weight", 1, MOST) : 1,
        fields.has("concurrency") ? fields.whole("concurrency", 1, MOST) : CONCURRENCY,
        fields.word("may_leave", List.of("false", "true")).equals("true"));
  }
}
