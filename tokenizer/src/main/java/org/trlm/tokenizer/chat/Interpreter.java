package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.chat.Node.Expression;
import org.trlm.tokenizer.chat.Node.Statement;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Namespace;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * Runs the statements of one template for one rendering; {@link Evaluator} computes its
 * expressions. Used by one thread, once.
 */
final class Interpreter {
  private enum Flow {
    NORMAL,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator expressions;
  private Scope scope;
  private MarkedString.Builder out;

  Interpreter(Scope context, Budget budget) {
    this.budget = budget;
    this.scope = new Scope(context);
    this.expressions = new Evaluator(this);
  }

  Budget budget() {
    return budget;
  }

  /** Where names are looked up at this moment. */
  Scope scope() {
    return scope;
  }

  MarkedString render(List<Statement> body) {
    out = new MarkedString.Builder(budget);
    run(body);
    return out.build();
  }

  private Flow run(List<Statement> body) {
    for (Statement statement : body) {
      Flow flow = run(statement);
      if (flow != Flow.NORMAL) {
        return flow;
      }
    }
    return Flow.NORMAL;
  }

  private Flow run(Statement statement) {
    budget.down();
    Flow flow;
    try {
      flow = dispatch(statement);
    } catch (TemplateException e) {
      throw e.atLine(statement.line());
    }
    budget.up();
    return flow;
  }

  private Flow dispatch(Statement statement) {
    if (statement instanceof Node.Data data) {
      out.append(data.text());
    } else if (statement instanceof Node.Output output) {
      out.append(Printer.text(evaluate(output.value()), budget));
    } else if (statement instanceof Node.If branch) {
      return runIf(branch);
    } else if (statement instanceof Node.Assign assign) {
      assign(assign.target(), evaluate(assign.value()), scope);
    } else if (statement instanceof Node.For loop) {
      return runFor(loop);
    } else if (statement instanceof Node.Break) {
      return Flow.BREAK;
    } else if (statement instanceof Node.Continue) {
      return Flow.CONTINUE;
    } else if (statement instanceof Node.Macro macro) {
      scope.set(macro.name(), new MacroValue(macro, scope));
    } else if (statement instanceof Node.CallBlock call) {
      runCallBlock(call);
    } else {
      return runScoped(statement);
    }
    return Flow.NORMAL;
  }

  /** Statements whose body has a scope of its own. */
  private Flow runScoped(Statement statement) {
    Scope outer = scope;
    Flow flow;
    if (statement instanceof Node.AssignBlock block) {
      MarkedString.Builder outerOut = out;
      scope = new Scope(outer);
      out = new MarkedString.Builder(budget);
      flow = run(block.body());
      Object text = out.build();
      out = outerOut;
      Object value = block.filter() == null ? text : expressions.filter(block.filter(), text);
      scope = outer;
      if (flow == Flow.NORMAL) {
        assign(block.target(), value, scope);
      }
      return flow;
    }
    if (statement instanceof Node.FilterBlock block) {
      MarkedString.Builder outerOut = out;
      scope = new Scope(outer);
      out = new MarkedString.Builder(budget);
      flow = run(block.body());
      Object text = out.build();
      out = outerOut;
      if (flow == Flow.NORMAL) {
        out.append(Printer.text(expressions.filter(block.filter(), text), budget));
      }
    } else if (statement instanceof Node.With with) {
      Scope inner = new Scope(outer);
      for (int i = 0; i < with.targets().size(); i++) {
        assign(with.targets().get(i), evaluate(with.values().get(i)), inner);
      }
      scope = inner;
      flow = run(with.body());
    } else {
      scope = new Scope(outer);
      flow = run(((Node.Generation) statement).body());
    }
    scope = outer;
    return flow;
  }

  private Flow runIf(Node.If branch) {
    for (int i = 0; i < branch.tests().size(); i++) {
      if (Operators.truth(evaluate(branch.tests().get(i)))) {
        return run(branch.bodies().get(i));
      }
    }
    return run(branch.otherwise());
  }

  private Flow runFor(Node.For node) {
    return loop(node, evaluate(node.iterable()), scope, 0);
  }

  private Flow loop(Node.For node, Object iterable, Scope outer, int depth0) {
    budget.enter();
    Iterator<Object> items = Operators.iterate(iterable, budget);
    boolean sized = node.test() == null && !(iterable instanceof Values.Generator);
    if (node.test() != null) {
      items = filtered(node, items, outer);
    }
    Loop loop =
        new Loop(
            sized ? iterable : null,
            items,
            depth0,
            node.recursive() ? inner -> again(node, inner, outer, depth0 + 1) : null,
            budget);
    Flow flow = Flow.NORMAL;
    boolean any = false;
    while (loop.advance()) {
      any = true;
      budget.step();
      scope = new Scope(outer);
      scope.set("loop", loop);
      assign(node.target(), loop.current(), scope);
      if (run(node.body()) == Flow.BREAK) {
        break;
      }
    }
    scope = outer;
    if (!any && !node.otherwise().isEmpty()) {
      scope = new Scope(outer);
      flow = run(node.otherwise());
      scope = outer;
    }
    budget.leave();
    return flow;
  }

  /** The body of a recursive loop over other items, as text. */
  private Object again(Node.For node, Object iterable, Scope outer, int depth0) {
    Scope caller = scope;
    MarkedString.Builder callerOut = out;
    out = new MarkedString.Builder(budget);
    loop(node, iterable, outer, depth0);
    Object text = out.build();
    out = callerOut;
    scope = caller;
    return text;
  }

  private Iterator<Object> filtered(Node.For node, Iterator<Object> items, Scope outer) {
    return new Lookahead(items) {
      @Override
      boolean keeps(Object item) {
        Scope caller = scope;
        scope = new Scope(outer);
        assign(node.target(), item, scope);
        boolean keep = Operators.truth(evaluate(node.test()));
        scope = caller;
        return keep;
      }
    };
  }

  private void runCallBlock(Node.CallBlock block) {
    Object target = evaluate(block.call().target());
    Arguments arguments = expressions.arguments(block.call().arguments());
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    named.put("caller", new MacroValue(block.caller(), scope));
    out.append(
        Printer.text(
            expressions.call(target, new Arguments(arguments.positional(), named)), budget));
  }

  private void assign(Node.Target target, Object value, Scope into) {
    if (target instanceof Node.NameTarget name) {
      into.set(name.name(), value);
    } else if (target instanceof Node.FieldTarget field) {
      if (!(scope.get(field.namespace()) instanceof Namespace namespace)) {
        throw new TemplateException(
            Kind.RUNTIME, "cannot assign attribute on non-namespace object", null, field.line());
      }
      namespace.fields().put(field.field(), value);
    } else {
      List<Node.Target> targets = ((Node.TupleTarget) target).targets();
      if (!Operators.isIterable(value)) {
        throw new TemplateException(
            Kind.TYPE, "cannot unpack non-iterable " + Operators.typeName(value) + " object");
      }
      Iterator<Object> items = Operators.iterate(value, budget);
      List<Object> values = new ArrayList<>();
      while (items.hasNext() && values.size() <= targets.size()) {
        values.add(items.next());
      }
      if (values.size() != targets.size()) {
        throw new TemplateException(
            Kind.VALUE,
            values.size() > targets.size()
                ? "too many values to unpack (expected " + targets.size() + ")"
                : "not enough values to unpack (expected "
                    + targets.size()
                    + ", got "
                    + values.size()
                    + ")");
      }
      for (int i = 0; i < targets.size(); i++) {
        assign(targets.get(i), values.get(i), into);
      }
    }
  }

  Object evaluate(Expression node) {
    return expressions.evaluate(node);
  }

  /** A macro with the scope it was defined in. */
  private static final class MacroValue implements Values.Callable {
    private final Node.Macro macro;
    private final Scope definedIn;

    MacroValue(Node.Macro macro, Scope definedIn) {
      this.macro = macro;
      this.definedIn = definedIn;
    }

    @Override
    public Object call(Interpreter interpreter, Arguments arguments) {
      return interpreter.callMacro(macro, definedIn, arguments);
    }

    @Override
    public String typeName() {
      return "Macro";
    }
  }

  private Object callMacro(Node.Macro macro, Scope definedIn, Arguments arguments) {
    budget.enter();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    Scope inner = new Scope(definedIn);
    Scope caller = scope;
    scope = inner;
    bindParameters(macro, arguments.positional(), named, inner);
    MarkedString.Builder callerOut = out;
    out = new MarkedString.Builder(budget);
    run(macro.body());
    Object text = out.build();
    out = callerOut;
    scope = caller;
    budget.leave();
    return text;
  }

  private void bindParameters(
      Node.Macro macro, List<Object> positional, Map<String, Object> named, Scope inner) {
    int count = macro.parameters().size();
    int firstDefault = count - macro.defaults().size();
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String parameter = macro.parameters().get(i);
      boolean byName = i >= positional.size() && named.containsKey(parameter);
      values.add(
          i < positional.size()
              ? positional.get(i)
              : byName ? named.remove(parameter) : Arguments.MISSING);
    }
    if (macro.usesCaller()) {
      Object caller = named.remove("caller");
      inner.set("caller", caller == null ? Undefined.of("No caller defined") : caller);
    }
    if (macro.catchesNamed()) {
      Dict rest = new Dict();
      named.forEach(rest::put);
      inner.set("kwargs", rest);
    } else if (!named.isEmpty()) {
      throw new TemplateException(
          Kind.TYPE,
          "macro '"
              + macro.name()
              + "' takes no keyword argument "
              + Printer.quoted(named.keySet().iterator().next()));
    }
    if (macro.catchesPositional()) {
      List<Object> rest = positional.subList(Math.min(count, positional.size()), positional.size());
      inner.set("varargs", Sequence.tuple(rest.toArray()));
    } else if (positional.size() > count) {
      throw new TemplateException(
          Kind.TYPE, "macro '" + macro.name() + "' takes not more than " + count + " argument(s)");
    }
    for (int i = 0; i < count; i++) {
      Object value = values.get(i);
      if (value == Arguments.MISSING) {
        value =
            i >= firstDefault
                ? evaluate(macro.defaults().get(i - firstDefault))
                : Undefined.of("parameter '" + macro.parameters().get(i) + "' was not provided");
      }
      inner.set(macro.parameters().get(i), value);
    }
  }
}
