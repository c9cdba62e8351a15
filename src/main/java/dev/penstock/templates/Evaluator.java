package dev.penstock.templates;

import dev.penstock.templates.Expr.Arguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Works out expressions. */
final class Evaluator {
  private static final Set<String> ESCAPES = Set.of("e", "escape");

  private final Meter meter;
  private final Values values;
  private final Numbers numbers;
  private final Filters filters;
  private final Conditions conditions;

  Evaluator(Meter meter, Values values) {
    this.meter = meter;
    this.values = values;
    this.numbers = new Numbers(meter);
    this.conditions = new Conditions(meter, values);
    this.filters = new Filters(meter, values, this, conditions);
  }

  Object value(Expr expr, Scope scope) {
    return Markup.plain(marked(expr, scope));
  }

  /** The same, with the mark that {@code safe} makes. */
  Object marked(Expr expr, Scope scope) {
    meter.step(1);
    meter.deeper();
    Object value = worked(expr, scope);
    meter.shallower();
    return value;
  }

  boolean holds(Expr expr, Scope scope) {
    return Values.truth(value(expr, scope));
  }

  private Object worked(Expr expr, Scope scope) {
    return switch (expr) {
      case Expr.Constant constant -> constant.value();
      case Expr.Name name -> scope.get(name.name());
      case Expr.Attribute a -> values.attribute(value(a.of(), scope), a.name());
      case Expr.Item item -> values.item(value(item.of(), scope), value(item.key(), scope));
      case Expr.Slice slice -> slice(slice, scope);
      case Expr.ListOf list -> all(list.items(), scope);
      case Expr.TupleOf tuple -> new Tuple(all(tuple.items(), scope));
      case Expr.MapOf map -> map(map, scope);
      case Expr.Call call -> call(value(call.callee(), scope), args(call.arguments(), scope));
      case Expr.Filtered f -> {
        Object value = marked(f.value(), scope);
        boolean escaped = value instanceof Markup && ESCAPES.contains(f.filter());
        yield escaped
            ? value
            : filters.apply(f.filter(), Markup.plain(value), args(f.arguments(), scope));
      }
      case Expr.Is is ->
          conditions.holds(is.test(), value(is.value(), scope), args(is.arguments(), scope));
      case Expr.Not not -> !holds(not.value(), scope);
      case Expr.Signed signed -> signed(signed, scope);
      case Expr.Binary binary ->
          binary(binary.operator(), marked(binary.left(), scope), marked(binary.right(), scope));
      case Expr.Joined joined -> joined(joined.parts(), scope);
      case Expr.Comparison comparison -> comparison(comparison, scope);
      case Expr.And and -> {
        Object left = marked(and.left(), scope);
        yield Values.truth(Markup.plain(left)) ? marked(and.right(), scope) : left;
      }
      case Expr.Or or -> {
        Object left = marked(or.left(), scope);
        yield Values.truth(Markup.plain(left)) ? left : marked(or.right(), scope);
      }
      case Expr.Choice choice -> choice(choice, scope);
    };
  }

  private Object choice(Expr.Choice choice, Scope scope) {
    if (holds(choice.test(), scope)) {
      return marked(choice.value(), scope);
    }
    Expr otherwise = choice.otherwise();
    return otherwise == null
        ? new Undefined("an 'if' without an 'else' has no value here")
        : marked(otherwise, scope);
  }

  private Object slice(Expr.Slice slice, Scope scope) {
    return values.slice(
        value(slice.of(), scope),
        orNone(slice.from(), scope),
        orNone(slice.to(), scope),
        orNone(slice.step(), scope));
  }

  private Object orNone(@Nullable Expr expr, Scope scope) {
    return expr == null ? None.NONE : value(expr, scope);
  }

  private List<Object> all(List<Expr> items, Scope scope) {
    meter.madeElements(items.size());
    List<Object> list = new ArrayList<>(items.size());
    for (Expr item : items) {
      list.add(value(item, scope));
    }
    return list;
  }

  private Map<Object, Object> map(Expr.MapOf expr, Scope scope) {
    Map<Object, Object> map = new LinkedHashMap<>();
    meter.madeElements(2L * expr.keys().size());
    for (int i = 0; i < expr.keys().size(); i++) {
      Object key = values.key(value(expr.keys().get(i), scope));
      map.put(key, value(expr.values().get(i), scope));
    }
    return map;
  }

  Args args(Arguments arguments, Scope scope) {
    if (arguments.equals(Arguments.NONE)) {
      return Args.NONE;
    }
    List<Object> positional = all(arguments.positional(), scope);
    if (arguments.spread() != null) {
      List<Object> more = values.list(value(arguments.spread(), scope));
      meter.madeElements(more.size());
      positional.addAll(more);
    }
    Map<String, Object> named = new LinkedHashMap<>();
    for (Map.Entry<String, Expr> each : arguments.named().entrySet()) {
      named.put(each.getKey(), value(each.getValue(), scope));
    }
    if (arguments.namedSpread() != null) {
      if (!(value(arguments.namedSpread(), scope) instanceof Map<?, ?> more)) {
        throw meter.fault("'**' needs a dict");
      }
      meter.madeElements(2L * more.size());
      more.forEach((name, value) -> named.put(values.text(name), value));
    }
    return new Args(positional, named);
  }

  Object call(Object callee, Args args) {
    return switch (callee) {
      case Routine routine -> routine.call(args);
      case Loop loop -> loop.again(args.get(0, "iterable", None.NONE));
      default -> {
        values.defined(callee);
        throw meter.fault(Values.told(callee) + " cannot be called");
      }
    };
  }

  private Object signed(Expr.Signed signed, Scope scope) {
    Object value = values.defined(value(signed.value(), scope));
    if (!Numbers.isNumber(value)) {
      throw meter.fault(Values.told(value) + " has no sign");
    }
    return signed.negative() ? Numbers.negated(value) : value;
  }

  private String joined(List<Expr> parts, Scope scope) {
    var text = new Output(meter);
    for (Expr part : parts) {
      text.append(values.text(value(part, scope)));
    }
    return text.toString();
  }

  private boolean comparison(Expr.Comparison comparison, Scope scope) {
    Object left = value(comparison.first(), scope);
    for (int i = 0; i < comparison.others().size(); i++) {
      Object right = value(comparison.others().get(i), scope);
      if (!conditions.compared(comparison.operators().get(i), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  /** An operator between two values. */
  Object binary(String operator, Object left, Object right) {
    if (left instanceof Markup || right instanceof Markup) {
      return marked(operator, left, right);
    }
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return numbers.worked(operator, left, right);
    }
    values.defined(left);
    if (operator.equals("%") && left instanceof String format) {
      return new Formats(meter, values).percent(format, right);
    }
    values.defined(right);
    if (operator.equals("+")) {
      if (left instanceof String l && right instanceof String r) {
        meter.made((long) l.length() + r.length());
        return l.concat(r);
      }
      if (left instanceof List<?> l
          && right instanceof List<?> r
          && left instanceof Tuple == right instanceof Tuple) {
        meter.madeElements((long) l.size() + r.size());
        List<Object> both = new ArrayList<>(l);
        both.addAll(r);
        return left instanceof Tuple ? new Tuple(both) : both;
      }
    }
    if (operator.equals("*") && Numbers.isWhole(left)) {
      return repeated(right, left);
    }
    if (operator.equals("*") && Numbers.isWhole(right)) {
      return repeated(left, right);
    }
    throw noOperator(operator, left, right);
  }

  private Object marked(String operator, Object left, Object right) {
    boolean texts = Markup.plain(left) instanceof String && Markup.plain(right) instanceof String;
    return texts && operator.equals("+")
        ? new Markup((String) binary("+", escaped(left), escaped(right)))
        : binary(operator, Markup.plain(left), Markup.plain(right));
  }

  private String escaped(Object text) {
    if (text instanceof Markup markup) {
      return markup.text();
    }
    meter.made(((String) text).length());
    return Markup.escaped((String) text).text();
  }

  private TemplateFault noOperator(String operator, Object left, Object right) {
    return meter.fault(
        "'%s' cannot be used between %s and %s"
            .formatted(operator, Values.told(left), Values.told(right)));
  }

  private Object repeated(Object value, Object times) {
    int count = (int) Math.max(0, values.whole(times));
    if (value instanceof String text) {
      meter.made((long) text.length() * count);
      return text.repeat(count);
    }
    if (!(value instanceof List<?> list)) {
      throw noOperator("*", value, times);
    }
    meter.madeElements((long) list.size() * count);
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < count && !list.isEmpty(); i++) {
      all.addAll(list);
    }
    return value instanceof Tuple ? new Tuple(all) : all;
  }
}
