package dev.penstock.templates;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What may stand after {@code is}, and the operators that compare. */
final class Conditions {
  private final Meter meter;
  private final Values values;

  Conditions(Meter meter, Values values) {
    this.meter = meter;
    this.values = values;
  }

  boolean holds(String test, Object value, Args args) {
    return switch (test) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == None.NONE;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "string" -> value instanceof String;
      case "number" -> Numbers.isNumber(value);
      case "integer" -> Numbers.isWhole(value) && !(value instanceof Boolean);
      case "float" -> value instanceof Double;
      case "mapping" -> value instanceof Map;
      case "sequence" ->
          value instanceof String
              || value instanceof List
              || value instanceof Map
              || value instanceof Undefined;
      case "iterable" -> value instanceof View || holds("sequence", value, args);
      case "callable" -> value instanceof Routine || value instanceof Loop;
      case "odd" -> values.same(rest(value, 2L), 1L);
      case "even" -> values.same(rest(value, 2L), 0L);
      case "divisibleby" -> values.same(rest(value, other(args)), 0L);
      case "lower" -> isCase(values.text(value), true);
      case "upper" -> isCase(values.text(value), false);
      case "sameas" ->
          value instanceof Boolean == other(args) instanceof Boolean
              && values.same(value, other(args));
      case "escaped" -> false;
      case "in" -> values.contains(other(args), value);
      case "eq", "equalto", "==" -> compared("==", value, other(args));
      case "ne", "!=" -> compared("!=", value, other(args));
      case "gt", "greaterthan", ">" -> compared(">", value, other(args));
      case "ge", ">=" -> compared(">=", value, other(args));
      case "lt", "lessthan", "<" -> compared("<", value, other(args));
      case "le", "<=" -> compared("<=", value, other(args));
      default -> throw meter.fault("there is no test '" + test + "'");
    };
  }

  boolean compared(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> values.same(left, right);
      case "!=" -> !values.same(left, right);
      case "in" -> values.contains(right, left);
      case "not in" -> !values.contains(right, left);
      case "<" -> values.compare(left, right) < 0;
      case "<=" -> values.compare(left, right) <= 0;
      case ">" -> values.compare(left, right) > 0;
      default -> values.compare(left, right) >= 0;
    };
  }

  static boolean isCase(String text, boolean lower) {
    return text.equals(lower ? text.toLowerCase(Locale.ROOT) : text.toUpperCase(Locale.ROOT))
        && text.codePoints().anyMatch(c -> Character.isLowerCase(c) || Character.isUpperCase(c));
  }

  private Object rest(Object value, Object by) {
    values.defined(value);
    if (!Numbers.isNumber(value) || !Numbers.isNumber(by)) {
      throw meter.fault("a number is needed, not " + Values.told(value));
    }
    return new Numbers(meter).worked("%", value, by);
  }

  private Object other(Args args) {
    if (args.positional().isEmpty()) {
      throw meter.fault("a test lacks what it compares with");
    }
    return args.positional().getFirst();
  }
}
