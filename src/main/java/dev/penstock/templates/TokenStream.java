package dev.penstock.templates;

import dev.penstock.templates.Token.Kind;
import java.util.List;

/** A template's tokens, read one after another. */
final class TokenStream {
  /** Expressions and blocks within one another: reading them takes stack. */
  private static final int MAX_DEPTH = 100;

  private final List<Token> tokens;
  private int next;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(next);
  }

  Token take() {
    Token token = tokens.get(next);
    next += token.kind() == Kind.END ? 0 : 1;
    return token;
  }

  boolean isOperator(String text) {
    return peek().is(Kind.OPERATOR, text);
  }

  boolean isName(String text) {
    return peek().is(Kind.NAME, text);
  }

  /** Whether these two come, which mean something else each by itself. */
  boolean areNext(Kind kind, String text, Kind secondKind, String second) {
    return peek().is(kind, text)
        && next + 1 < tokens.size()
        && tokens.get(next + 1).is(secondKind, second);
  }

  boolean skipOperator(String text) {
    boolean is = isOperator(text);
    next += is ? 1 : 0;
    return is;
  }

  boolean skipName(String text) {
    boolean is = isName(text);
    next += is ? 1 : 0;
    return is;
  }

  Token expect(Kind kind, String what) {
    if (peek().kind() != kind) {
      throw fault("expected " + what + ", got " + peek().told());
    }
    return take();
  }

  String name() {
    return expect(Kind.NAME, "a name").text();
  }

  void operator(String text) {
    if (!skipOperator(text)) {
      throw fault("expected '" + text + "', got " + peek().told());
    }
  }

  void deeper() {
    if (++depth > MAX_DEPTH) {
      throw fault("it is nested more than " + MAX_DEPTH + " levels deep");
    }
  }

  void shallower() {
    depth--;
  }

  int line() {
    return peek().line();
  }

  TemplateFault fault(String problem) {
    return new TemplateFault(line(), problem);
  }
}
