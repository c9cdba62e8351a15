package dev.penstock.templates;

import dev.penstock.templates.Statement.Signature;
import dev.penstock.templates.Statement.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs a template's statements, once. */
final class Interpreter {
  /** How a body ended. */
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Meter meter;
  private final Values values;
  private final Evaluator evaluator;

  /** Whether macros may be given more than they name. */
  private final boolean takesMore;

  Interpreter(Meter meter, Values values, boolean takesMore) {
    this.meter = meter;
    this.values = values;
    this.evaluator = new Evaluator(meter, values);
    this.takesMore = takesMore;
  }

  String run(List<Statement> body, Scope scope) {
    return text(body, scope);
  }

  private String text(List<Statement> body, Scope scope) {
    var text = new Output(meter);
    run(body, scope, text);
    return text.toString();
  }

  private Flow run(List<Statement> body, Scope scope, Output out) {
    meter.deeper();
    for (Statement statement : body) {
      meter.step(1);
      Flow flow = run(statement, scope, out);
      if (flow != Flow.ON) {
        meter.shallower();
        return flow;
      }
    }
    meter.shallower();
    return Flow.ON;
  }

  private Flow run(Statement statement, Scope scope, Output out) {
    switch (statement) {
      case Statement.Data data -> out.append(data.text());
      case Statement.Print print -> {
        meter.at(print.line());
        out.append(values.text(evaluator.value(print.value(), scope)));
      }
      case Statement.If choice -> {
        return choose(choice, scope, out);
      }
      case Statement.For loop -> {
        meter.at(loop.line());
        loop(loop, evaluator.value(loop.items(), scope), 0, scope, out);
      }
      case Statement.Set set -> {
        meter.at(set.line());
        give(set.target(), evaluator.marked(set.value(), scope), scope);
      }
      case Statement.Capture capture -> capture(capture, scope, out);
      case Statement.Scoped scoped -> {
        meter.at(scoped.line());
        var inner = new Scope(scope);
        for (int i = 0; i < scoped.targets().size(); i++) {
          give(scoped.targets().get(i), evaluator.value(scoped.values().get(i), scope), inner);
        }
        return run(scoped.body(), inner, out);
      }
      case Statement.Macro macro ->
          scope.set(macro.name(), routine(macro.name(), macro.signature(), macro.body(), scope));
      case Statement.CallBlock block -> {
        meter.at(block.line());
        callBlock(block, scope, out);
      }
      case Statement.Jump jump -> {
        return jump.out() ? Flow.BREAK : Flow.CONTINUE;
      }
    }
    return Flow.ON;
  }

  private Flow choose(Statement.If choice, Scope scope, Output out) {
    for (Statement.Branch branch : choice.branches()) {
      meter.at(choice.line());
      if (evaluator.holds(branch.test(), scope)) {
        return run(branch.body(), scope, out);
      }
    }
    return run(choice.otherwise(), scope, out);
  }

  private void loop(Statement.For loop, Object over, int depth, Scope scope, Output out) {
    List<Object> items = values.list(over);
    if (loop.filter() != null) {
      List<Object> kept = new ArrayList<>();
      for (Object item : items) {
        var inner = new Scope(scope);
        give(loop.target(), item, inner);
        if (evaluator.holds(loop.filter(), inner)) {
          kept.add(item);
        }
      }
      items = kept;
    }
    if (items.isEmpty()) {
      run(loop.otherwise(), scope, out);
      return;
    }
    var state = new Loop(items, depth, others -> again(loop, others, depth + 1, scope), values);
    for (int i = 0; i < items.size(); i++) {
      meter.step(1);
      var inner = new Scope(scope);
      state.at(i);
      inner.set("loop", state);
      give(loop.target(), items.get(i), inner);
      if (run(loop.body(), inner, out) == Flow.BREAK) {
        return;
      }
    }
  }

  private String again(Statement.For loop, Object others, int depth, Scope scope) {
    meter.deeper();
    var text = new Output(meter);
    loop(loop, others, depth, scope, text);
    meter.shallower();
    return text.toString();
  }

  private void capture(Statement.Capture capture, Scope scope, Output out) {
    var inner = new Scope(scope);
    String text = text(capture.body(), inner);
    meter.at(capture.line());
    inner.set(Statement.Capture.TEXT, text);
    Object value = evaluator.value(capture.value(), inner);
    if (capture.target() == null) {
      out.append(values.text(value));
    } else {
      give(capture.target(), value, scope);
    }
  }

  private void give(Target target, Object value, Scope scope) {
    switch (target) {
      case Statement.ToName to -> scope.set(to.name(), value);
      case Statement.ToField to -> {
        if (!(scope.get(to.namespace()) instanceof Namespace namespace)) {
          throw meter.fault("'" + to.namespace() + "' is no namespace: its fields cannot be set");
        }
        namespace.set(to.field(), value);
      }
      case Statement.ToEach to -> {
        List<Object> items = values.list(Markup.plain(value));
        if (items.size() != to.targets().size()) {
          throw meter.fault("%d values for %d names".formatted(items.size(), to.targets().size()));
        }
        for (int i = 0; i < items.size(); i++) {
          give(to.targets().get(i), items.get(i), scope);
        }
      }
    }
  }

  private void callBlock(Statement.CallBlock block, Scope scope, Output out) {
    Args args = evaluator.args(block.call().arguments(), scope);
    Map<String, Object> named = new LinkedHashMap<>(args.named());
    named.put("caller", routine("caller", block.signature(), block.body(), scope));
    Object callee = evaluator.value(block.call().callee(), scope);
    out.append(values.text(evaluator.call(callee, new Args(args.positional(), named))));
  }

  private Routine routine(String name, Signature signature, List<Statement> body, Scope around) {
    return args -> {
      meter.deeper();
      int line = meter.line();
      var scope = new Scope(around);
      bind(name, signature, args, scope);
      String text = text(body, scope);
      meter.at(line);
      meter.shallower();
      return text;
    };
  }

  private void bind(String macro, Signature signature, Args args, Scope scope) {
    Map<String, Object> named = new LinkedHashMap<>(args.named());
    int parameters = signature.names().size();
    int firstDefault = parameters - signature.defaults().size();
    for (int i = 0; i < parameters; i++) {
      String name = signature.names().get(i);
      Object given = i < args.positional().size() ? args.positional().get(i) : named.remove(name);
      if (given == null) {
        given =
            i < firstDefault
                ? new Undefined("parameter '" + name + "' was not provided")
                : evaluator.value(signature.defaults().get(i - firstDefault), scope);
      }
      scope.set(name, given);
    }
    Object caller = named.remove("caller");
    scope.set("caller", caller == null ? new Undefined("'caller' is undefined") : caller);
    List<Object> more = args.from(parameters).positional();
    if (!takesMore && !(more.isEmpty() && named.isEmpty())) {
      throw meter.fault("macro '%s' is given more than it takes".formatted(macro));
    }
    scope.set("varargs", new Tuple(more));
    scope.set("kwargs", named);
  }
}
