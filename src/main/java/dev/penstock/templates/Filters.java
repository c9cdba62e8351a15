package dev.penstock.templates;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What may stand after a bar. */
final class Filters {
  private final Meter meter;
  private final Values values;
  private final Evaluator evaluator;
  private final Methods methods;
  private final ListFilters lists;

  Filters(Meter meter, Values values, Evaluator evaluator, Conditions conditions) {
    this.meter = meter;
    this.values = values;
    this.evaluator = evaluator;
    this.methods = new Methods(values, meter);
    this.lists = new ListFilters(meter, values, this, conditions);
  }

  Object apply(String filter, Object value, Args args) {
    return switch (filter) {
      case "default", "d" ->
          value instanceof Undefined || (args.flag(1, "boolean") && !Values.truth(value))
              ? args.get(0, "default_value", "")
              : value;
      case "abs" -> Numbers.compare(number(value), 0L) < 0 ? Numbers.negated(value) : value;
      case "capitalize" -> Texts.capitalized(text(value));
      case "center" ->
          methods.call(
              text(value), "center", new Args(List.of(args.get(0, "width", 80L)), Map.of()));
      case "count", "length" -> values.length(value);
      case "escape", "e", "forceescape" -> Markup.escaped(text(value));
      case "float" -> real(value, args.get(0, "default", 0.0));
      case "format" ->
          new Formats(meter, values)
              .percent(
                  text(value),
                  args.named().isEmpty() ? new Tuple(args.positional()) : args.named());
      case "indent" -> indented(text(value), args);
      case "int" -> whole(value, args.get(0, "default", 0L));
      case "items" -> items(value);
      case "join" -> joined(value, args);
      case "lower" -> text(value).toLowerCase(Locale.ROOT);
      case "upper" -> text(value).toUpperCase(Locale.ROOT);
      case "title" -> Texts.title(text(value), "-({[<");
      case "replace" -> {
        String old = values.text(args.get(0, "old", ""));
        String text = text(value);
        meter.searched(text, old);
        Object count = args.get(2, "count", None.NONE);
        yield methods.replaced(
            text,
            old,
            values.text(args.get(1, "new", "")),
            count == None.NONE ? -1 : values.whole(count));
      }
      case "round" -> rounded(number(value), args);
      case "safe" -> new Markup(values.text(value));
      case "string" -> values.text(value);
      case "sum" -> sum(value, args);
      case "tojson" -> new JsonText(meter, values, args).written(value);
      case "trim" -> methods.strip(text(value), args, true, true);
      case "truncate" -> truncated(text(value), args);
      case "wordcount" ->
          (long) text(value).replaceAll("[^\\p{L}\\p{N}_]+", " ").strip().split(" ").length;
      default -> lists.apply(filter, value, args);
    };
  }

  private String text(Object value) {
    String text = values.text(value);
    meter.made(text.length());
    return text;
  }

  private Object number(Object value) {
    values.defined(value);
    if (!Numbers.isNumber(value)) {
      throw meter.fault("a number is needed, not " + Values.told(value));
    }
    return value;
  }

  private Object real(Object value, Object otherwise) {
    values.defined(value);
    if (Numbers.isNumber(value)) {
      return Numbers.real(value);
    }
    Object real = value instanceof String text ? parsed(text) : otherwise;
    return real instanceof Double ? real : otherwise;
  }

  private Object whole(Object value, Object otherwise) {
    values.defined(value);
    Object number = value instanceof String text ? parsed(text) : value;
    return switch (number) {
      case Double d when Double.isFinite(d) -> Numbers.plain(new BigDecimal(d).toBigInteger());
      case Double _ -> otherwise;
      case Boolean _, Long _, BigInteger _ -> Numbers.plain(Numbers.whole(number));
      default -> otherwise;
    };
  }

  /** The number that a text is; the text where it is none. */
  private static Object parsed(String text) {
    String digits = text.strip().replace("_", "");
    try {
      return digits.length() > Numbers.MAX_DIGITS
          ? text
          : digits.matches("[+-]?[0-9]+") ? Numbers.plain(new BigInteger(digits)) : real(digits);
    } catch (NumberFormatException e) {
      return text;
    }
  }

  private static Object real(String digits) {
    // Java reads more than Python does: 1f, 0x1p3.
    return digits.matches("[-+.0-9eE]+") ? (Object) Double.valueOf(digits) : digits;
  }

  private Object rounded(Object value, Args args) {
    int digits = Math.clamp(values.whole(args.get(0, "precision", 0L)), -400, 400);
    RoundingMode mode =
        switch (values.text(args.get(1, "method", "common"))) {
          case "common" -> RoundingMode.HALF_EVEN;
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> throw meter.fault("'round' knows common, ceil and floor");
        };
    double real = Numbers.real(value);
    if ((mode == RoundingMode.HALF_EVEN && Numbers.isWhole(value) && digits >= 0)
        || !Double.isFinite(real)) {
      return value;
    }
    return new BigDecimal(real).setScale(digits, mode).doubleValue();
  }

  private List<Object> itemsOf(Object value) {
    if (value instanceof Undefined) {
      return List.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw meter.fault("'items' needs a dict, not " + Values.told(value));
    }
    return methods.pairs(map);
  }

  private View items(Object value) {
    return View.generator(itemsOf(value));
  }

  private String joined(Object value, Args args) {
    String between = values.text(args.get(0, "d", ""));
    Object attribute = args.get(1, "attribute", None.NONE);
    List<Object> texts = new ArrayList<>();
    for (Object item : values.list(value)) {
      texts.add(values.text(lists.part(item, attribute)));
    }
    return methods.joined(between, texts);
  }

  private Object sum(Object value, Args args) {
    Object sum = args.get(1, "start", 0L);
    for (Object item : values.list(value)) {
      sum = evaluator.binary("+", sum, lists.part(item, args.get(0, "attribute", None.NONE)));
    }
    return sum;
  }

  private String indented(String text, Args args) {
    Object width = args.get(0, "width", 4L);
    String indent;
    if (width instanceof String given) {
      indent = given;
    } else {
      long blanks = Math.max(0, values.whole(width));
      meter.made(blanks);
      indent = " ".repeat((int) blanks);
    }
    boolean blankLines = args.flag(2, "blank");
    var indented = new Output(meter);
    boolean first = true;
    for (Object line : Splitting.lines(text + "\n", false, meter)) {
      boolean indents = first ? args.flag(1, "first") : blankLines || !line.equals("");
      indented.append(first ? "" : "\n").append(indents ? indent : "").append((String) line);
      first = false;
    }
    return indented.toString();
  }

  private String truncated(String text, Args args) {
    long length = values.whole(args.get(0, "length", 255L));
    String end = values.text(args.get(2, "end", "..."));
    Object leeway = args.get(3, "leeway", 5L);
    if (Texts.length(text) <= length + (leeway == None.NONE ? 5 : values.whole(leeway))) {
      return text;
    }
    int kept = (int) Math.max(0, length - Texts.length(end));
    String start = text.substring(0, text.offsetByCodePoints(0, kept));
    int blank = args.flag(1, "killwords") ? -1 : start.lastIndexOf(' ');
    return (blank < 0 ? start : start.substring(0, blank)) + end;
  }
}
