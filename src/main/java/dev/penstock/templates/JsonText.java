package dev.penstock.templates;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as Python's {@code json.dumps} writes them, which is what models were trained on. */
final class JsonText {
  private static final int MAX_INDENT = 100;

  private final Meter meter;
  private final Values values;
  private final boolean ascii;
  private final boolean sorted;
  private final @Nullable String indent;
  private final String comma;
  private final String colon;

  /**
   * @param args as transformers' {@code tojson} takes them
   */
  JsonText(Meter meter, Values values, Args args) {
    this.meter = meter;
    this.values = values;
    this.ascii = args.flag(0, "ensure_ascii");
    this.sorted = args.flag(3, "sort_keys");
    Object given = args.get(1, "indent", None.NONE);
    this.indent =
        given == None.NONE
            ? null
            : given instanceof String text ? text : spaces(values.whole(given));
    if (indent != null && indent.length() > MAX_INDENT) {
      throw meter.fault("an indent has more than " + MAX_INDENT + " characters");
    }
    Object separators = args.get(2, "separators", None.NONE);
    if (separators == None.NONE) {
      this.comma = indent == null ? ", " : ",";
      this.colon = ": ";
    } else {
      this.comma = values.text(values.item(separators, 0L));
      this.colon = values.text(values.item(separators, 1L));
    }
  }

  private static String spaces(long count) {
    return " ".repeat(Math.clamp(count, 0, MAX_INDENT + 1));
  }

  String written(Object value) {
    var out = new Output(meter);
    write(out, value, "\n");
    return out.toString();
  }

  /**
   * @param line a line break, and the blanks at the start of a line here
   */
  private void write(Output out, Object value, String line) {
    meter.deeper();
    meter.step(1);
    switch (value) {
      case None _ -> out.append("null");
      case Boolean b -> out.append(b ? "true" : "false");
      case Double d -> out.append(number(d));
      case Number n -> out.append(n.toString());
      case String s -> string(out, s);
      case Map<?, ?> m -> map(out, m, line);
      case List<?> l -> list(out, l, line);
      default -> throw meter.fault(Values.told(value) + " has no form in JSON");
    }
    meter.shallower();
  }

  private void list(Output out, List<?> list, String line) {
    String inner = indent == null ? "" : line + indent;
    String between = "[";
    for (Object each : list) {
      write(out.append(between).append(inner), each, inner);
      between = comma;
    }
    out.append(list.isEmpty() ? "[" : indent == null ? "" : line).append("]");
  }

  private void map(Output out, Map<?, ?> map, String line) {
    String inner = indent == null ? "" : line + indent;
    String between = "{";
    Comparator<Map.Entry<?, ?>> order = (a, b) -> values.compare(a.getKey(), b.getKey());
    List<? extends Map.Entry<?, ?>> entries = List.copyOf(map.entrySet());
    meter.step(entries.size());
    for (Map.Entry<?, ?> each : sorted ? entries.stream().sorted(order).toList() : entries) {
      string(out.append(between).append(inner), key(each.getKey()));
      write(out.append(colon), each.getValue(), inner);
      between = comma;
    }
    out.append(map.isEmpty() ? "{" : indent == null ? "" : line).append("}");
  }

  private String key(Object key) {
    return switch (key) {
      case String s -> s;
      case None _ -> "null";
      case Boolean b -> b ? "true" : "false";
      case Double d -> number(d);
      default -> values.text(key);
    };
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    return Numbers.written(value);
  }

  private void string(Output out, String text) {
    out.expect(text.length());
    var quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\b' -> quoted.append("\\b");
        case '\f' -> quoted.append("\\f");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    out.append(quoted.append('"').toString());
  }
}
