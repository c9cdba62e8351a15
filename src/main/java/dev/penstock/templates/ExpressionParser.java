package dev.penstock.templates;

import dev.penstock.templates.Expr.Arguments;
import dev.penstock.templates.Expr.Binary;
import dev.penstock.templates.Expr.Constant;
import dev.penstock.templates.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads expressions; one method for each rank of operators, the weakest first. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", ">", "<=", ">=");
  private static final Set<Kind> STARTS =
      Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT, Kind.OPERATOR);

  private final TokenStream tokens;
  private final Set<String> names;

  /**
   * @param names where the names that expressions have go
   */
  ExpressionParser(TokenStream tokens, Set<String> names) {
    this.tokens = tokens;
    this.names = names;
  }

  Expr expression() {
    tokens.deeper();
    Expr value = or();
    while (tokens.skipName("if")) {
      Expr test = or();
      value = new Expr.Choice(test, value, tokens.skipName("else") ? expression() : null);
    }
    tokens.shallower();
    return value;
  }

  /** An expression, or several with commas between them. */
  Expr expressionOrTuple() {
    return orTuple(this::expression, "");
  }

  /** The same without a choice: an {@code if} after it is the tag's. */
  Expr withoutChoice() {
    return orTuple(this::or, "recursive");
  }

  private Expr orTuple(Supplier<Expr> each, String end) {
    Expr first = each.get();
    if (!tokens.isOperator(",")) {
      return first;
    }
    List<Expr> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",") && !tupleEnds(end)) {
      items.add(each.get());
    }
    return new Expr.TupleOf(items);
  }

  private boolean tupleEnds(String end) {
    Kind kind = tokens.peek().kind();
    return kind == Kind.PRINT_END
        || kind == Kind.TAG_END
        || tokens.isOperator(")")
        || tokens.isName(end);
  }

  private Expr or() {
    Expr left = and();
    while (tokens.skipName("or")) {
      left = new Expr.Or(left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (tokens.skipName("and")) {
      left = new Expr.And(left, not());
    }
    return left;
  }

  private Expr not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    tokens.deeper();
    Expr value = new Expr.Not(not());
    tokens.shallower();
    return value;
  }

  private Expr comparison() {
    Expr first = sum();
    List<String> operators = new ArrayList<>();
    List<Expr> others = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.take().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (tokens.areNext(Kind.NAME, "not", Kind.NAME, "in")) {
        tokens.take();
        tokens.take();
        operators.add("not in");
      } else {
        return operators.isEmpty() ? first : new Expr.Comparison(first, operators, others);
      }
      others.add(sum());
    }
  }

  private Expr sum() {
    return binaries(this::joined, Set.of("+", "-"));
  }

  private Expr joined() {
    Expr first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Joined(parts);
  }

  private Expr product() {
    return binaries(this::power, Set.of("*", "/", "//", "%"));
  }

  private Expr power() {
    return binaries(() -> signed(true), Set.of("**"));
  }

  private Expr binaries(Supplier<Expr> side, Set<String> operators) {
    Expr left = side.get();
    while (tokens.peek().kind() == Kind.OPERATOR && operators.contains(tokens.peek().text())) {
      left = new Binary(tokens.take().text(), left, side.get());
    }
    return left;
  }

  /** A filter after {@code -x} is of {@code -x}, so what is behind the sign reads none. */
  private Expr signed(boolean filters) {
    boolean negative = tokens.isOperator("-");
    Expr value;
    if (negative || tokens.isOperator("+")) {
      tokens.take();
      tokens.deeper();
      value = new Expr.Signed(negative, signed(false));
      tokens.shallower();
    } else {
      value = primary();
    }
    value = postfix(value);
    return filters ? filters(value) : value;
  }

  private Expr primary() {
    Token token = tokens.take();
    return switch (token.kind()) {
      case NAME -> name(token.text());
      case STRING -> {
        var text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.take().text());
        }
        yield new Constant(text.toString());
      }
      case INTEGER -> new Constant(integer(token));
      case FLOAT -> new Constant(Double.valueOf(token.text()));
      case OPERATOR, DATA, PRINT, PRINT_END, TAG, TAG_END, END ->
          switch (token.text()) {
            case "(" -> parenthesised();
            case "[" -> list();
            case "{" -> map();
            default ->
                throw new TemplateFault(
                    token.line(), "expected an expression, got " + token.told());
          };
    };
  }

  private Expr name(String name) {
    return switch (name) {
      case "true", "True" -> new Constant(true);
      case "false", "False" -> new Constant(false);
      case "none", "None" -> new Constant(None.NONE);
      default -> {
        names.add(name);
        yield new Expr.Name(name);
      }
    };
  }

  private Object integer(Token token) {
    String digits = token.text();
    int radix =
        switch (digits.length() < 2 ? ' ' : Character.toLowerCase(digits.charAt(1))) {
          case 'x' -> 16;
          case 'o' -> 8;
          case 'b' -> 2;
          default -> 10;
        };
    if (digits.length() > Numbers.MAX_DIGITS) {
      throw new TemplateFault(token.line(), "a number is too long");
    }
    return Numbers.plain(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
  }

  private Expr parenthesised() {
    if (tokens.skipOperator(")")) {
      return new Expr.TupleOf(List.of());
    }
    Expr value = expressionOrTuple();
    tokens.operator(")");
    return value;
  }

  private Expr list() {
    List<Expr> items = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      items.add(expression());
      comma("]");
    }
    return new Expr.ListOf(items);
  }

  private Expr map() {
    List<Expr> keys = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      keys.add(expression());
      tokens.operator(":");
      values.add(expression());
      comma("}");
    }
    return new Expr.MapOf(keys, values);
  }

  private void comma(String end) {
    if (!tokens.isOperator(end)) {
      tokens.operator(",");
    }
  }

  private Expr postfix(Expr start) {
    Expr value = start;
    while (true) {
      if (tokens.skipOperator(".")) {
        boolean number = tokens.peek().kind() == Kind.INTEGER;
        value =
            number
                ? new Expr.Item(value, new Constant(integer(tokens.take())))
                : new Expr.Attribute(value, tokens.name());
      } else if (tokens.skipOperator("[")) {
        value = subscript(value);
      } else if (tokens.isOperator("(")) {
        value = new Expr.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expr subscript(Expr of) {
    Expr from = tokens.isOperator(":") ? null : expressionOrTuple();
    if (from != null && tokens.skipOperator("]")) {
      return new Expr.Item(of, from);
    }
    tokens.operator(":");
    Expr to = part();
    Expr step = tokens.skipOperator(":") ? part() : null;
    tokens.operator("]");
    return new Expr.Slice(of, from, to, step);
  }

  private @Nullable Expr part() {
    return tokens.isOperator(":") || tokens.isOperator("]") ? null : expression();
  }

  private Expr filters(Expr start) {
    Expr value = start;
    while (true) {
      if (tokens.isOperator("|")) {
        value = filter(value);
      } else if (tokens.skipName("is")) {
        value = test(value);
      } else if (tokens.isOperator("(")) {
        value = new Expr.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  /** The filters that come, each after a bar. */
  Expr filter(Expr start) {
    Expr value = start;
    while (tokens.skipOperator("|")) {
      value = namedFilter(value);
    }
    return value;
  }

  Expr namedFilter(Expr value) {
    String name = tokens.name();
    return new Expr.Filtered(value, name, tokens.isOperator("(") ? arguments() : Arguments.NONE);
  }

  private Expr test(Expr value) {
    boolean negated = tokens.skipName("not");
    String name = tokens.name();
    Arguments arguments = Arguments.NONE;
    if (tokens.isOperator("(")) {
      arguments = arguments();
    } else if (hasOperand()) {
      arguments = new Arguments(List.of(postfix(primary())), Map.of(), null, null);
    }
    Expr test = new Expr.Is(value, name, arguments);
    return negated ? new Expr.Not(test) : test;
  }

  /** Whether what a test is about follows it without parentheses. */
  private boolean hasOperand() {
    Token token = tokens.peek();
    return STARTS.contains(token.kind())
        && switch (token.kind()) {
          case OPERATOR -> token.text().equals("[") || token.text().equals("{");
          case NAME ->
              !Set.of("else", "or", "and", "if", "is", "not", "in", "recursive")
                  .contains(token.text());
          case STRING, INTEGER, FLOAT, DATA, PRINT, PRINT_END, TAG, TAG_END, END -> true;
        };
  }

  Arguments arguments() {
    tokens.operator("(");
    List<Expr> positional = new ArrayList<>();
    Map<String, Expr> named = new LinkedHashMap<>();
    Expr spread = null;
    Expr namedSpread = null;
    while (!tokens.skipOperator(")")) {
      if (tokens.skipOperator("**")) {
        namedSpread = expression();
      } else if (tokens.skipOperator("*")) {
        spread = expression();
      } else if (tokens.areNext(Kind.NAME, tokens.peek().text(), Kind.OPERATOR, "=")) {
        String name = tokens.name();
        tokens.take();
        named.put(name, expression());
      } else if (named.isEmpty() && spread == null && namedSpread == null) {
        positional.add(expression());
      } else {
        throw tokens.fault("an argument without a name follows one with a name");
      }
      comma(")");
    }
    return new Arguments(positional, named, spread, namedSpread);
  }
}
