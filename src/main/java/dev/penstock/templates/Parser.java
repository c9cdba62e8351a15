package dev.penstock.templates;

import dev.penstock.templates.Statement.Branch;
import dev.penstock.templates.Statement.Capture;
import dev.penstock.templates.Statement.Signature;
import dev.penstock.templates.Statement.Target;
import dev.penstock.templates.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads a template's tags. */
final class Parser {
  private final TokenStream tokens;
  private final Set<String> names = new LinkedHashSet<>();
  private final ExpressionParser expressions;

  /** Loops around what is read, in the same macro. */
  private int loops;

  private Parser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens, names);
  }

  /**
   * @param names all that its expressions have
   */
  record Parsed(List<Statement> body, Set<String> names) {}

  static Parsed parse(String source) {
    var parser = new Parser(new TokenStream(Lexer.tokens(source)));
    List<Statement> body = parser.body("the template");
    return new Parsed(body, Set.copyOf(parser.names));
  }

  /** The statements up to one of the tags, which is read up to its name. */
  private List<Statement> body(String of, String... ends) {
    tokens.deeper();
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.take();
      switch (token.kind()) {
        case DATA -> body.add(new Statement.Data(token.text()));
        case PRINT -> {
          body.add(new Statement.Print(token.line(), expressions.expressionOrTuple()));
          tokens.expect(Kind.PRINT_END, "'}}'");
        }
        case TAG -> {
          if (List.of(ends).contains(tokens.peek().text())) {
            tokens.shallower();
            return body;
          }
          body.add(tag(token.line(), tokens.name()));
          tokens.expect(Kind.TAG_END, "'%}'");
        }
        case END -> {
          if (ends.length > 0) {
            throw new TemplateFault(
                token.line(), "'%s' has no '%s'".formatted(of, ends[ends.length - 1]));
          }
          return body;
        }
        case PRINT_END, TAG_END, NAME, STRING, INTEGER, FLOAT, OPERATOR ->
            throw new TemplateFault(token.line(), "unexpected " + token.told());
      }
    }
  }

  private List<Statement> wholeBody(String tag) {
    tokens.skipOperator(":");
    tokens.expect(Kind.TAG_END, "'%}'");
    List<Statement> body = body(tag, "end" + tag);
    tokens.take();
    return body;
  }

  private Statement tag(int line, String name) {
    return switch (name) {
      case "if" -> ifs(line);
      case "for" -> loop(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> callBlock(line);
      case "with" -> with(line);
      case "filter" -> {
        Expr value = expressions.filter(expressions.namedFilter(new Expr.Name(Capture.TEXT)));
        yield new Capture(line, null, value, wholeBody(name));
      }
      // Marks what the model wrote, for who trains it.
      case "generation" -> new Statement.Scoped(line, List.of(), List.of(), wholeBody(name));
      case "break", "continue" -> {
        if (loops == 0) {
          throw new TemplateFault(line, "'" + name + "' is in no loop");
        }
        yield new Statement.Jump(name.equals("break"));
      }
      default -> throw new TemplateFault(line, "there is no tag '" + name + "'");
    };
  }

  private Statement ifs(int line) {
    List<Branch> branches = new ArrayList<>();
    while (true) {
      Expr test = expressions.withoutChoice();
      tokens.expect(Kind.TAG_END, "'%}'");
      branches.add(new Branch(test, body("if", "elif", "else", "endif")));
      switch (tokens.name()) {
        case "elif" -> {}
        case "else" -> {
          tokens.expect(Kind.TAG_END, "'%}'");
          List<Statement> otherwise = body("if", "endif");
          tokens.take();
          return new Statement.If(line, branches, otherwise);
        }
        default -> {
          return new Statement.If(line, branches, List.of());
        }
      }
    }
  }

  private Statement loop(int line) {
    Target target = target(false);
    if (!tokens.skipName("in")) {
      throw tokens.fault("expected 'in', got " + tokens.peek().told());
    }
    Expr items = expressions.withoutChoice();
    Expr filter = tokens.skipName("if") ? expressions.expression() : null;
    tokens.skipName("recursive");
    tokens.expect(Kind.TAG_END, "'%}'");
    loops++;
    List<Statement> body = body("for", "else", "endfor");
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.name().equals("else")) {
      tokens.expect(Kind.TAG_END, "'%}'");
      otherwise = body("for", "endfor");
      tokens.take();
    }
    return new Statement.For(line, target, items, filter, body, otherwise);
  }

  private Statement set(int line) {
    Target target = target(true);
    if (tokens.skipOperator("=")) {
      return new Statement.Set(line, target, expressions.expressionOrTuple());
    }
    Expr value = expressions.filter(new Expr.Name(Capture.TEXT));
    return new Capture(line, target, value, wholeBody("set"));
  }

  private Target target(boolean fields) {
    Target first = oneTarget(fields);
    if (!tokens.isOperator(",")) {
      return first;
    }
    List<Target> targets = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",") && !tokens.isName("in") && !tokens.isOperator("=")) {
      targets.add(oneTarget(fields));
    }
    return new Statement.ToEach(targets);
  }

  private Target oneTarget(boolean fields) {
    if (tokens.skipOperator("(")) {
      tokens.deeper();
      Target inner = target(fields);
      tokens.operator(")");
      tokens.shallower();
      return inner;
    }
    String name = tokens.name();
    return fields && tokens.skipOperator(".")
        ? new Statement.ToField(name, tokens.name())
        : new Statement.ToName(name);
  }

  private Statement macro(int line) {
    String name = tokens.name();
    Signature signature = signature();
    return new Statement.Macro(line, name, signature, apart("macro"));
  }

  private Statement callBlock(int line) {
    Signature signature =
        tokens.isOperator("(") ? signature() : new Signature(List.of(), List.of());
    if (!(expressions.expression() instanceof Expr.Call call)) {
      throw new TemplateFault(line, "'call' needs a call");
    }
    return new Statement.CallBlock(line, call, signature, apart("call"));
  }

  /** A body that no jump leaves. */
  private List<Statement> apart(String tag) {
    int around = loops;
    loops = 0;
    List<Statement> body = wholeBody(tag);
    loops = around;
    return body;
  }

  private Signature signature() {
    tokens.operator("(");
    List<String> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    while (!tokens.skipOperator(")")) {
      parameters.add(tokens.name());
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.fault("a parameter without a default follows one with a default");
      }
      if (!tokens.isOperator(")")) {
        tokens.operator(",");
      }
    }
    return new Signature(parameters, defaults);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (tokens.peek().kind() != Kind.TAG_END) {
      if (!targets.isEmpty()) {
        tokens.operator(",");
      }
      targets.add(oneTarget(false));
      tokens.operator("=");
      values.add(expressions.expression());
    }
    return new Statement.Scoped(line, targets, values, wholeBody("with"));
  }
}
