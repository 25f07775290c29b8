package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.chat.Node.CallArguments;
import org.trlm.tokenizer.chat.Node.Expression;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.Undefined;

/** The values of expressions, in the scope that the {@link Interpreter} is in. */
final class Evaluator {
  private final Interpreter interpreter;
  private final Budget budget;

  Evaluator(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.budget = interpreter.budget();
  }

  Object evaluate(Expression node) {
    budget.down();
    Object value;
    try {
      value = dispatch(node);
    } catch (TemplateException e) {
      throw e.atLine(node.line());
    }
    budget.up();
    return value;
  }

  private Object dispatch(Expression node) {
    if (node instanceof Node.Constant constant) {
      return constant.value();
    }
    if (node instanceof Node.Name name) {
      return name(name.name());
    }
    if (node instanceof Node.Attribute attribute) {
      return Access.attribute(evaluate(attribute.target()), attribute.name(), budget);
    }
    if (node instanceof Node.Item item) {
      return Access.item(evaluate(item.target()), evaluate(item.key()), budget);
    }
    if (node instanceof Node.Arithmetic arithmetic) {
      return arithmetic(arithmetic);
    }
    if (node instanceof Node.Comparison comparison) {
      return comparison(comparison);
    }
    if (node instanceof Node.Call call) {
      Object target = evaluate(call.target());
      return call(target, arguments(call.arguments()));
    }
    if (node instanceof Node.Filter filter) {
      return filter(filter, null);
    }
    if (node instanceof Node.Test test) {
      Object target = evaluate(test.target());
      return Builtins.test(test.name()).holds(interpreter, target, arguments(test.arguments()));
    }
    return dispatchRest(node);
  }

  private Object dispatchRest(Expression node) {
    if (node instanceof Node.Not not) {
      return !Operators.truth(evaluate(not.operand()));
    }
    if (node instanceof Node.And and) {
      return firstWith(false, and.operands());
    }
    if (node instanceof Node.Or or) {
      return firstWith(true, or.operands());
    }
    if (node instanceof Node.Conditional conditional) {
      if (Operators.truth(evaluate(conditional.test()))) {
        return evaluate(conditional.value());
      }
      return conditional.otherwise() != null
          ? evaluate(conditional.otherwise())
          : Undefined.of(
              "the inline if-expression on line "
                  + conditional.line()
                  + " evaluated to false and no else section was defined.");
    }
    if (node instanceof Node.Concatenation concatenation) {
      MarkedString.Builder text = new MarkedString.Builder(budget);
      for (Object operand : all(concatenation.operands())) {
        text.append(Printer.text(operand, budget));
      }
      return text.build();
    }
    if (node instanceof Node.Slice slice) {
      return Access.slice(
          evaluate(slice.target()),
          bound(slice.start()),
          bound(slice.stop()),
          bound(slice.step()),
          budget);
    }
    if (node instanceof Node.ListLiteral list) {
      return Sequence.list(all(list.items()));
    }
    if (node instanceof Node.TupleLiteral tuple) {
      return Sequence.tuple(all(tuple.items()).toArray());
    }
    if (node instanceof Node.DictLiteral dict) {
      Dict value = new Dict();
      for (int i = 0; i < dict.keys().size(); i++) {
        Object key = evaluate(dict.keys().get(i));
        value.put(key, evaluate(dict.values().get(i)));
      }
      return value;
    }
    return node instanceof Node.Negative negative
        ? Arithmetic.negative(evaluate(negative.operand()))
        : Arithmetic.positive(evaluate(((Node.Positive) node).operand()));
  }

  private Object bound(Expression node) {
    return node == null ? null : evaluate(node);
  }

  private List<Object> all(List<Expression> nodes) {
    budget.items(nodes.size());
    List<Object> values = new ArrayList<>(nodes.size());
    for (Expression node : nodes) {
      values.add(evaluate(node));
    }
    return values;
  }

  /** The first operand with this truth, else the last one. */
  private Object firstWith(boolean truth, List<Expression> operands) {
    Object value = null;
    for (Expression operand : operands) {
      value = evaluate(operand);
      if (Operators.truth(value) == truth) {
        return value;
      }
    }
    return value;
  }

  private Object name(String name) {
    Object value = interpreter.scope().get(name);
    if (value != Arguments.MISSING) {
      return value;
    }
    Functions.refuseUnsupported(name);
    return Undefined.of(Printer.quoted(name) + " is undefined");
  }

  private Object arithmetic(Node.Arithmetic node) {
    Object value = evaluate(node.operands().get(0));
    for (int i = 0; i < node.operators().size(); i++) {
      Object right = evaluate(node.operands().get(i + 1));
      value = Arithmetic.apply(node.operators().get(i), value, right, interpreter);
    }
    return value;
  }

  private Object comparison(Node.Comparison node) {
    Object left = evaluate(node.operands().get(0));
    boolean holds = true;
    for (int i = 0; i < node.operators().size() && holds; i++) {
      Object right = evaluate(node.operands().get(i + 1));
      String operator = node.operators().get(i);
      holds =
          switch (operator) {
            case "==" -> Operators.same(left, right, budget);
            case "!=" -> !Operators.same(left, right, budget);
            case "in" -> Operators.contains(right, left, budget);
            case "not in" -> !Operators.contains(right, left, budget);
            default -> Operators.ordered(operator, left, right, budget);
          };
      left = right;
    }
    return holds;
  }

  /**
   * The value of a chain of filters.
   *
   * @param blockText what the first filter of a block takes; null outside of one
   */
  Object filter(Node.Filter node, Object blockText) {
    Object target = blockText;
    if (node.target() instanceof Node.Filter inner && blockText != null) {
      target = filter(inner, blockText);
    } else if (node.target() != null) {
      target = evaluate(node.target());
    }
    return Builtins.filter(node.name()).apply(interpreter, target, arguments(node.arguments()));
  }

  Object call(Object target, Arguments arguments) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    if (!(target instanceof Values.Callable callable)) {
      throw new TemplateException(
          Kind.TYPE, "'" + Operators.typeName(target) + "' object is not callable");
    }
    return callable.call(interpreter, arguments);
  }

  Arguments arguments(CallArguments node) {
    if (node == CallArguments.NONE) {
      return Arguments.NONE;
    }
    List<Object> positional = all(node.positional());
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < node.names().size(); i++) {
      named.put(node.names().get(i), evaluate(node.named().get(i)));
    }
    if (node.starred() != null) {
      positional.addAll(Operators.list(evaluate(node.starred()), budget));
    }
    if (node.doubleStarred() != null) {
      addNamed(evaluate(node.doubleStarred()), named);
    }
    return new Arguments(positional, named);
  }

  private void addNamed(Object value, Map<String, Object> named) {
    if (!(value instanceof Dict dict)) {
      throw new TemplateException(
          Kind.TYPE, "argument after ** must be a mapping, not " + Operators.typeName(value));
    }
    for (Dict.Entry entry : dict.entries()) {
      if (!(entry.key() instanceof MarkedString key)) {
        throw new TemplateException(Kind.TYPE, "keywords must be strings");
      }
      if (named.put(key.text(), entry.value()) != null) {
        throw new TemplateException(
            Kind.TYPE,
            "got multiple values for keyword argument '" + Printer.shorten(key.text()) + "'");
      }
    }
  }
}
