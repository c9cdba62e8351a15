package dev.penstock.templates;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part of a template's body; a rendering runs one after another. */
sealed interface Statement {
  record Data(String text) implements Statement {}

  record Print(int line, Expr value) implements Statement {}

  record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record Branch(Expr test, List<Statement> body) {}

  record For(
      int line,
      Target target,
      Expr items,
      @Nullable Expr filter,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  record Set(int line, Target target, Expr value) implements Statement {}

  /**
   * A body whose text is a value.
   *
   * @param value made of the name {@link #TEXT}
   * @param target where it goes; null: it is printed
   */
  record Capture(int line, @Nullable Target target, Expr value, List<Statement> body)
      implements Statement {
    /** No name of a template's own. */
    static final String TEXT = "(text)";
  }

  /** A body with names of its own: {@code with}, and {@code generation} without any. */
  record Scoped(int line, List<Target> targets, List<Expr> values, List<Statement> body)
      implements Statement {}

  record Macro(int line, String name, Signature signature, List<Statement> body)
      implements Statement {}

  record CallBlock(int line, Expr.Call call, Signature signature, List<Statement> body)
      implements Statement {}

  /** Out of the innermost loop, or on to its next element. */
  record Jump(boolean out) implements Statement {}

  /**
   * What a macro takes.
   *
   * @param defaults of the last ones
   */
  record Signature(List<String> names, List<Expr> defaults) {}

  /** What a value is given to. */
  sealed interface Target {}

  record ToName(String name) implements Target {}

  record ToField(String namespace, String field) implements Target {}

  record ToEach(List<Target> targets) implements Target {}
}
