package dev.penstock.templates;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of a template, as {@link Parser} read it and {@link Evaluator} works it out. */
sealed interface Expr {
  record Constant(Object value) implements Expr {}

  record Name(String name) implements Expr {}

  record ListOf(List<Expr> items) implements Expr {}

  record TupleOf(List<Expr> items) implements Expr {}

  record MapOf(List<Expr> keys, List<Expr> values) implements Expr {}

  record Attribute(Expr of, String name) implements Expr {}

  record Item(Expr of, Expr key) implements Expr {}

  record Slice(Expr of, @Nullable Expr from, @Nullable Expr to, @Nullable Expr step)
      implements Expr {}

  record Call(Expr callee, Arguments arguments) implements Expr {}

  record Filtered(Expr value, String filter, Arguments arguments) implements Expr {}

  record Is(Expr value, String test, Arguments arguments) implements Expr {}

  record Not(Expr value) implements Expr {}

  record Signed(boolean negative, Expr value) implements Expr {}

  record Binary(String operator, Expr left, Expr right) implements Expr {}

  record Joined(List<Expr> parts) implements Expr {}

  /** {@code a < b <= c}: holds where each two neighbours do. */
  record Comparison(Expr first, List<String> operators, List<Expr> others) implements Expr {}

  record And(Expr left, Expr right) implements Expr {}

  record Or(Expr left, Expr right) implements Expr {}

  record Choice(Expr test, Expr value, @Nullable Expr otherwise) implements Expr {}

  /**
   * What a call is given.
   *
   * @param spread after {@code *}
   * @param namedSpread after {@code **}
   */
  record Arguments(
      List<Expr> positional,
      Map<String, Expr> named,
      @Nullable Expr spread,
      @Nullable Expr namedSpread) {
    static final Arguments NONE = new Arguments(List.of(), Map.of(), null, null);
  }
}
