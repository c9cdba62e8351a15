package dev.penstock.templates;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template has. */
final class Globals {
  /** As in Jinja's sandbox. */
  private static final long MAX_RANGE = 100_000;

  private final Meter meter;
  private final Values values;
  private final LocalDateTime now;

  Globals(Meter meter, Values values, LocalDateTime now) {
    this.meter = meter;
    this.values = values;
    this.now = now;
  }

  Scope scope() {
    var scope = new Scope(null);
    scope.set("raise_exception", routine(this::refuse));
    scope.set("strftime_now", routine(args -> Dates.written(now, format(args))));
    scope.set("range", routine(this::range));
    scope.set("dict", routine(this::dict));
    scope.set(
        "namespace",
        routine(args -> {
          var namespace = new Namespace();
          dict(args).forEach((name, value) -> namespace.set(values.text(name), value));
          return namespace;
        }));
    return scope;
  }

  private static Routine routine(Routine routine) {
    return routine;
  }

  private Object refuse(Args args) {
    throw new TemplateRefusal(values.text(args.get(0, "message", "")));
  }

  private String format(Args args) {
    String format = values.text(args.get(0, "format", ""));
    meter.made(format.length() * 10L);
    return format;
  }

  private List<Object> range(Args args) {
    boolean one = args.positional().size() == 1;
    long from = one ? 0 : values.whole(args.get(0, "start", 0L));
    long to = values.whole(args.get(one ? 0 : 1, "stop", 0L));
    long step = values.whole(args.get(2, "step", 1L));
    if (step == 0) {
      throw meter.fault("a range's step is 0");
    }
    long count = Math.max(0, Math.ceilDiv(to - from, step));
    if (count > MAX_RANGE) {
      throw meter.fault("a range has more than " + MAX_RANGE + " numbers");
    }
    meter.madeElements(count);
    List<Object> range = new ArrayList<>((int) count);
    for (long i = 0; i < count; i++) {
      range.add(from + i * step);
    }
    return range;
  }

  private Map<Object, Object> dict(Args args) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    for (Object given : args.positional()) {
      if (given instanceof Map<?, ?> map) {
        meter.madeElements(2L * map.size());
        dict.putAll(map);
      } else {
        for (Object pair : values.list(given)) {
          List<Object> both = values.list(pair);
          if (both.size() != 2) {
            throw meter.fault("a dict is made of pairs");
          }
          dict.put(values.key(both.get(0)), both.get(1));
        }
      }
    }
    dict.putAll(args.named());
    return dict;
  }
}
