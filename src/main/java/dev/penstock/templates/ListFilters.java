package dev.penstock.templates;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The filters that go through a list. */
final class ListFilters {
  private final Meter meter;
  private final Values values;
  private final Filters filters;
  private final Conditions conditions;

  ListFilters(Meter meter, Values values, Filters filters, Conditions conditions) {
    this.meter = meter;
    this.values = values;
    this.filters = filters;
    this.conditions = conditions;
  }

  Object apply(String filter, Object value, Args args) {
    return switch (filter) {
      case "list" -> values.made(values.list(value));
      case "first" -> {
        List<Object> list = values.list(value);
        yield list.isEmpty()
            ? new Undefined("an empty list has no first element")
            : list.getFirst();
      }
      case "last" -> {
        List<Object> list = values.list(value);
        yield list.isEmpty() ? new Undefined("an empty list has no last element") : list.getLast();
      }
      case "reverse" -> reversed(value);
      case "sort" -> sorted(value, args);
      case "dictsort" -> dictSorted(value, args);
      case "unique" -> unique(value, args);
      case "min" -> extreme(value, args, -1);
      case "max" -> extreme(value, args, 1);
      case "map" -> mapped(value, args);
      case "select" -> chosen(value, args, true);
      case "reject" -> chosen(value, args, false);
      case "selectattr" -> chosenBy(value, args, true);
      case "rejectattr" -> chosenBy(value, args, false);
      case "groupby" -> grouped(value, args);
      case "batch" -> batches(value, args);
      case "slice" -> slices(value, args);
      default -> throw meter.fault("there is no filter '" + filter + "'");
    };
  }

  /**
   * What a list's element is looked at by.
   *
   * @param attribute dots lead further in; None: the element itself
   */
  Object part(Object item, Object attribute) {
    meter.step(1);
    if (attribute == None.NONE) {
      return item;
    }
    if (!(attribute instanceof String path)) {
      return values.item(item, attribute);
    }
    Object part = item;
    for (String name : path.split("\\.", -1)) {
      boolean isIndex = name.matches("[0-9]{1,9}");
      part = values.item(part, isIndex ? (Object) Long.valueOf(name) : name);
    }
    return part;
  }

  private Object folded(Object value, boolean cased) {
    if (!cased && value instanceof String text) {
      meter.made(text.length());
      return text.toLowerCase(Locale.ROOT);
    }
    return value;
  }

  private Object reversed(Object value) {
    if (value instanceof String text) {
      meter.made(text.length());
      return Texts.reversed(text);
    }
    List<Object> list = values.made(values.list(value));
    Collections.reverse(list);
    return View.generator(list);
  }

  /** An element, and what it is sorted by. */
  private record Keyed(Object key, Object item) {}

  private List<Keyed> keyed(List<Object> items, Object attribute, boolean cased) {
    meter.madeElements(2L * items.size());
    List<Keyed> keyed = new ArrayList<>(items.size());
    for (Object item : items) {
      keyed.add(new Keyed(folded(part(item, attribute), cased), item));
    }
    return keyed;
  }

  private List<Object> inOrder(List<Keyed> items, boolean reverse) {
    Comparator<Keyed> order = (a, b) -> values.compare(a.key(), b.key());
    List<Object> sorted = new ArrayList<>(items.size());
    items.stream()
        .sorted(reverse ? order.reversed() : order)
        .forEach(each -> sorted.add(each.item()));
    return sorted;
  }

  private List<Object> sorted(Object value, Args args) {
    List<Object> items = values.list(value);
    boolean cased = args.flag(1, "case_sensitive");
    Object attribute = args.get(2, "attribute", None.NONE);
    if (!(attribute instanceof String paths) || paths.indexOf(',') < 0) {
      return inOrder(keyed(items, attribute, cased), args.flag(0, "reverse"));
    }
    List<Keyed> keyed = new ArrayList<>(items.size());
    for (Object item : items) {
      List<Object> keys = new ArrayList<>();
      for (String path : paths.split(",", -1)) {
        keys.add(folded(part(item, path), cased));
      }
      meter.madeElements(keys.size());
      keyed.add(new Keyed(keys, item));
    }
    return inOrder(keyed, args.flag(0, "reverse"));
  }

  private List<Object> dictSorted(Object value, Args args) {
    if (!(value instanceof Map<?, ?> map)) {
      values.defined(value);
      throw meter.fault("'dictsort' needs a dict, not " + Values.told(value));
    }
    long by = values.text(args.get(1, "by", "key")).equals("value") ? 1 : 0;
    List<Object> pairs = new Methods(values, meter).pairs(map);
    return inOrder(keyed(pairs, by, args.flag(0, "case_sensitive")), args.flag(2, "reverse"));
  }

  private View unique(Object value, Args args) {
    List<Object> unique = new ArrayList<>();
    List<Object> seen = new ArrayList<>();
    Object attribute = args.get(1, "attribute", None.NONE);
    for (Keyed each : keyed(values.list(value), attribute, args.flag(0, "case_sensitive"))) {
      if (seen.stream().noneMatch(key -> values.same(key, each.key()))) {
        seen.add(each.key());
        unique.add(each.item());
      }
    }
    return View.generator(unique);
  }

  private Object extreme(Object value, Args args, int sign) {
    Keyed found = null;
    Object attribute = args.get(1, "attribute", None.NONE);
    for (Keyed each : keyed(values.list(value), attribute, args.flag(0, "case_sensitive"))) {
      if (found == null || Integer.signum(values.compare(each.key(), found.key())) == sign) {
        found = each;
      }
    }
    return found == null ? new Undefined("an empty list has no extreme") : found.item();
  }

  private View mapped(Object value, Args args) {
    List<Object> mapped = new ArrayList<>();
    boolean byAttribute = args.positional().isEmpty() && args.named().containsKey("attribute");
    for (Object item : elements(value)) {
      if (byAttribute) {
        Object part = part(item, args.get(0, "attribute", None.NONE));
        mapped.add(part instanceof Undefined ? args.get(1, "default", part) : part);
      } else {
        mapped.add(Markup.plain(filters.apply(name(args, 0), item, args.from(1))));
      }
      meter.madeElements(1);
    }
    return View.generator(mapped);
  }

  /** What is false has none, even where it is nothing that could have elements. */
  private List<Object> elements(Object value) {
    return Values.truth(value) ? values.list(value) : List.of();
  }

  private String name(Args args, int at) {
    if (at >= args.positional().size()) {
      throw meter.fault("a filter's name, or an attribute's, is missing");
    }
    return values.text(args.positional().get(at));
  }

  private View chosen(Object value, Args args, boolean wanted) {
    return filtered(value, item -> holds(item, args, 0) == wanted);
  }

  private View chosenBy(Object value, Args args, boolean wanted) {
    return filtered(value, item -> holds(part(item, args.get(0, "attr", "")), args, 1) == wanted);
  }

  private boolean holds(Object value, Args args, int at) {
    meter.step(1);
    return at < args.positional().size()
        ? conditions.holds(name(args, at), value, args.from(at + 1))
        : Values.truth(value);
  }

  private View filtered(Object value, Predicate<Object> test) {
    List<Object> kept = new ArrayList<>();
    for (Object item : elements(value)) {
      if (test.test(item)) {
        meter.madeElements(1);
        kept.add(item);
      }
    }
    return View.generator(kept);
  }

  private List<Object> grouped(Object value, Args args) {
    Object attribute = args.get(0, "attribute", None.NONE);
    boolean cased = args.flag(2, "case_sensitive");
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    Object last = None.NONE;
    List<Object> items = values.list(value);
    for (Object item : inOrder(keyed(items, attribute, cased), false)) {
      Object key = folded(part(item, attribute), cased);
      if (groups.isEmpty() || !values.same(last, key)) {
        group = new ArrayList<>();
        groups.add(Tuple.of(part(item, attribute), group));
        last = key;
      }
      meter.madeElements(1);
      group.add(item);
    }
    return groups;
  }

  private View batches(Object value, Args args) {
    int size = (int) Math.max(1, values.whole(args.get(0, "linecount", 1L)));
    List<Object> items = values.made(values.list(value));
    List<Object> batches = new ArrayList<>();
    for (int i = 0; i < items.size(); i += size) {
      int missing = Math.max(0, i + size - items.size());
      batches.add(filled(items.subList(i, Math.min(items.size(), i + size)), missing, fill(args)));
    }
    return View.generator(batches);
  }

  private static @Nullable Object fill(Args args) {
    Object fill = args.get(1, "fill_with", None.NONE);
    return fill == None.NONE ? null : fill;
  }

  private List<Object> filled(List<Object> items, int missing, @Nullable Object fill) {
    List<Object> filled = new ArrayList<>(items);
    if (fill != null) {
      meter.madeElements(missing);
      filled.addAll(Collections.nCopies(missing, fill));
    }
    return filled;
  }

  private View slices(Object value, Args args) {
    List<Object> items = values.made(values.list(value));
    int count = (int) Math.max(1, values.whole(args.get(0, "slices", 1L)));
    meter.madeElements(count);
    List<Object> slices = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < count; i++) {
      boolean longer = i < items.size() % count;
      int to = from + items.size() / count + (longer ? 1 : 0);
      slices.add(filled(items.subList(from, to), longer ? 0 : 1, fill(args)));
      from = to;
    }
    return View.generator(slices);
  }
}
