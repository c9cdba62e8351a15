package dev.penstock.templates;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What Python does with values of any type. Values are String, Boolean, Long, BigInteger, Double,
 * List, {@link Tuple}, Map, {@link None}, {@link Undefined}, {@link View}, {@link Namespace},
 * {@link Routine} and {@link Loop}.
 */
final class Values {
  private final Meter meter;

  Values(Meter meter) {
    this.meter = meter;
  }

  Object of(JsonNode json) {
    meter.deeper();
    meter.step(1);
    Object value =
        switch (json.getNodeType()) {
          case OBJECT -> {
            Map<Object, Object> map = new LinkedHashMap<>();
            json.properties().forEach(each -> map.put(each.getKey(), of(each.getValue())));
            yield map;
          }
          case ARRAY -> {
            List<Object> list = new ArrayList<>(json.size());
            json.forEach(each -> list.add(of(each)));
            yield list;
          }
          case STRING -> json.textValue();
          case BOOLEAN -> json.booleanValue();
          case NUMBER ->
              json.isIntegralNumber()
                  ? Numbers.plain(json.bigIntegerValue())
                  : (Object) json.doubleValue();
          case BINARY, MISSING, NULL, POJO -> None.NONE;
        };
    meter.shallower();
    return value;
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean b -> b;
      case String s -> !s.isEmpty();
      case Double d -> d != 0;
      case Number n -> Numbers.whole(n).signum() != 0;
      case List<?> l -> !l.isEmpty();
      case Map<?, ?> m -> !m.isEmpty();
      case View v -> v.isGenerator() || !v.items().isEmpty();
      case None _, Undefined _ -> false;
      default -> true;
    };
  }

  /** Python's name of a value's type. */
  static String type(Object value) {
    return switch (value) {
      case String _ -> "str";
      case Boolean _ -> "bool";
      case Double _ -> "float";
      case Number _ -> "int";
      case Tuple _ -> "tuple";
      case List<?> _ -> "list";
      case Map<?, ?> _ -> "dict";
      case View v -> v.type();
      case None _ -> "NoneType";
      case Undefined _ -> "Undefined";
      case Namespace _ -> "Namespace";
      default -> "function";
    };
  }

  /** A value as an error names it. */
  static String told(Object value) {
    String type = type(value);
    return value == None.NONE ? "None" : ("iU".indexOf(type.charAt(0)) < 0 ? "a " : "an ") + type;
  }

  /** As it is printed. */
  String text(Object value) {
    return switch (value) {
      case String s -> s;
      case Undefined _ -> "";
      case List<?> _, Map<?, ?> _, View _ -> {
        var text = new Output(meter);
        write(text, value);
        yield text.toString();
      }
      default -> scalar(value);
    };
  }

  private static String scalar(Object value) {
    return switch (value) {
      case Boolean b -> b ? "True" : "False";
      case Double d -> Numbers.written(d);
      case Number n -> n.toString();
      case None _ -> "None";
      case Undefined _ -> "Undefined";
      default -> "<" + type(value) + ">";
    };
  }

  /** As it stands within a list. */
  String quoted(Object value) {
    var text = new Output(meter);
    write(text, value);
    return text.toString();
  }

  private void write(Output text, Object value) {
    meter.deeper();
    meter.step(1);
    switch (value) {
      case String s -> {
        text.expect(s.length());
        text.append(Texts.quoted(s));
      }
      case Tuple t -> {
        writeAll(text.append("("), t);
        text.append(t.size() == 1 ? ",)" : ")");
      }
      case List<?> l -> {
        writeAll(text.append("["), l);
        text.append("]");
      }
      case View v when v.isGenerator() -> text.append("<generator object>");
      case View v -> {
        writeAll(text.append(v.type()).append("(["), v.items());
        text.append("])");
      }
      case Map<?, ?> m -> {
        String between = "{";
        for (Map.Entry<?, ?> each : m.entrySet()) {
          write(text.append(between), each.getKey());
          write(text.append(": "), each.getValue());
          between = ", ";
        }
        text.append(m.isEmpty() ? "{}" : "}");
      }
      default -> text.append(scalar(value));
    }
    meter.shallower();
  }

  private void writeAll(Output text, List<?> items) {
    String between = "";
    for (Object each : items) {
      write(text.append(between), each);
      between = ", ";
    }
  }

  boolean same(Object left, Object right) {
    meter.step(1);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.compare(left, right) == 0;
    }
    if (left instanceof String s) {
      meter.looked(s.length());
      return s.equals(right);
    }
    if (left instanceof Undefined) {
      return right instanceof Undefined;
    }
    meter.deeper();
    boolean same =
        switch (left) {
          case List<?> l ->
              right instanceof List<?> r
                  && left instanceof Tuple == right instanceof Tuple
                  && sameLists(l, r);
          case Map<?, ?> l -> right instanceof Map<?, ?> r && sameMaps(l, r);
          case View _ -> false;
          default -> left.equals(right);
        };
    meter.shallower();
    return same;
  }

  private boolean sameLists(List<?> left, List<?> right) {
    for (int i = 0; i < left.size() && left.size() == right.size(); i++) {
      if (!same(left.get(i), right.get(i))) {
        return false;
      }
    }
    return left.size() == right.size();
  }

  private boolean sameMaps(Map<?, ?> left, Map<?, ?> right) {
    for (Map.Entry<?, ?> each : left.entrySet()) {
      Object other = right.get(each.getKey());
      if (other == null || !same(each.getValue(), other)) {
        return false;
      }
    }
    return left.size() == right.size();
  }

  int compare(Object left, Object right) {
    meter.step(1);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.compare(left, right);
    }
    if (left instanceof String l && right instanceof String r) {
      meter.looked(l.length());
      return l.compareTo(r);
    }
    if (left instanceof List<?> l
        && right instanceof List<?> r
        && left instanceof Tuple == right instanceof Tuple) {
      meter.deeper();
      int end = Math.min(l.size(), r.size());
      int i = 0;
      while (i < end && same(l.get(i), r.get(i))) {
        i++;
      }
      int order = i < end ? compare(l.get(i), r.get(i)) : Integer.compare(l.size(), r.size());
      meter.shallower();
      return order;
    }
    defined(left);
    defined(right);
    throw meter.fault(told(left) + " and " + told(right) + " have no order");
  }

  Object defined(Object value) {
    if (value instanceof Undefined undefined) {
      throw meter.fault(undefined.why());
    }
    return value;
  }

  /** What a loop goes through. */
  List<Object> list(Object value) {
    return switch (value) {
      case View v -> v.items();
      case Map<?, ?> m -> made(m.keySet());
      case List<?> l -> Collections.unmodifiableList(l);
      case String s -> {
        meter.madeElements(s.length());
        yield s.codePoints().mapToObj(c -> (Object) Character.toString(c)).toList();
      }
      case Undefined _ -> List.of();
      default -> throw meter.fault(told(value) + " has no elements");
    };
  }

  List<Object> made(Collection<?> items) {
    meter.madeElements(items.size());
    return new ArrayList<>(items);
  }

  long length(Object value) {
    return switch (value) {
      case String s -> {
        meter.looked(s.length());
        yield Texts.length(s);
      }
      case Undefined _ -> 0;
      case Map<?, ?> m -> m.size();
      case List<?> l -> l.size();
      case View v when !v.isGenerator() -> v.items().size();
      default -> throw meter.fault(told(value) + " has no length");
    };
  }

  boolean contains(Object container, Object item) {
    if (container instanceof String text) {
      if (!(item instanceof String part)) {
        throw meter.fault(told(item) + " is in no str");
      }
      meter.searched(text, part);
      return text.contains(part);
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(key(item));
    }
    return list(container).stream().anyMatch(each -> same(each, item));
  }

  /** A value as a map's key. */
  Object key(Object value) {
    if (value instanceof List || value instanceof Map) {
      throw meter.fault(told(value) + " cannot be a key");
    }
    return value;
  }

  /** {@code of.name}. */
  Object attribute(Object of, String name) {
    defined(of);
    if (of instanceof Namespace namespace) {
      return namespace.get(name);
    }
    if (of instanceof Loop loop) {
      return loop.attribute(name);
    }
    Methods methods = new Methods(this, meter);
    if (methods.changes(of, name)) {
      return new Undefined(told(of) + " cannot be changed here: '" + name + "' is not allowed");
    }
    if (methods.has(of, name)) {
      return (Routine) args -> methods.call(of, name, args);
    }
    Object value = of instanceof Map<?, ?> map ? map.get(name) : null;
    return value == null ? missing(of, "attribute", name) : value;
  }

  /** {@code of[key]}. */
  Object item(Object of, Object key) {
    defined(of);
    if (of instanceof Map<?, ?> map) {
      Object value = map.get(key(key));
      if (value != null) {
        return value;
      }
    } else if (Numbers.isWhole(key) && (of instanceof List || of instanceof String)) {
      long length = length(of);
      long wanted = Numbers.whole(key).longValue();
      long index = wanted < 0 ? wanted + length : wanted;
      if (index >= 0 && index < length) {
        return of instanceof List<?> list
            ? list.get((int) index)
            : Texts.picked((String) of, new int[] {(int) index});
      }
    }
    return key instanceof String name ? attribute(of, name) : missing(of, "element", key);
  }

  private Undefined missing(Object of, String what, Object name) {
    return new Undefined(
        "%s has no %s %s"
            .formatted(told(of), what, name instanceof String ? "'" + name + "'" : scalar(name)));
  }

  /** {@code of[from:to:step]}; None: where there is none. */
  Object slice(Object of, Object from, Object to, Object step) {
    defined(of);
    if (!(of instanceof String || of instanceof List)) {
      return new Undefined(told(of) + " has no parts");
    }
    long length = length(of);
    long by = step == None.NONE ? 1 : whole(step);
    if (by == 0) {
      throw meter.fault("a slice's step is 0");
    }
    long first = bound(from, length, by, by > 0 ? 0 : length - 1);
    long last = bound(to, length, by, by > 0 ? length : -1);
    long count = Math.max(0, by > 0 ? (last - first + by - 1) / by : (first - last - by - 1) / -by);
    meter.madeElements(count);
    meter.looked(length);
    int[] indices = IntStream.range(0, (int) count).map(i -> (int) (first + i * by)).toArray();
    if (of instanceof String text) {
      return Texts.picked(text, indices);
    }
    List<Object> all = list(of);
    List<Object> picked = Arrays.stream(indices).mapToObj(all::get).toList();
    return of instanceof Tuple ? new Tuple(picked) : picked;
  }

  private long bound(Object given, long length, long by, long otherwise) {
    if (given == None.NONE) {
      return otherwise;
    }
    long wanted = whole(given);
    long at = wanted < 0 ? wanted + length : wanted;
    return by > 0 ? Math.clamp(at, 0, length) : Math.clamp(at, -1, length - 1);
  }

  long whole(Object value) {
    if (!Numbers.isWhole(value)) {
      defined(value);
      throw meter.fault("a whole number is needed, not " + told(value));
    }
    // Nothing here is as long, and sums of two of them fit into a long.
    BigInteger whole = Numbers.whole(value);
    long clipped =
        whole.bitLength() < Long.SIZE ? whole.longValue() : whole.signum() * Long.MAX_VALUE;
    return Math.clamp(clipped, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }
}
