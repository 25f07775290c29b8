package org.trlm.tokenizer.chat;

import java.util.List;

/**
 * The tree of a template: what {@link Parser} makes and {@link Interpreter} walks. {@code line}
 * counts from 1.
 */
sealed interface Node {
  int line();

  /** Something with a value. */
  sealed interface Expression extends Node {}

  record Constant(int line, Object value) implements Expression {}

  record Name(int line, String name) implements Expression {}

  record ListLiteral(int line, List<Expression> items) implements Expression {}

  record TupleLiteral(int line, List<Expression> items) implements Expression {}

  record DictLiteral(int line, List<Expression> keys, List<Expression> values)
      implements Expression {}

  /**
   * {@code first op second op third …} of one precedence, from left to right; {@code
   * operators.get(i)} precedes operand i + 1.
   */
  record Arithmetic(int line, List<Expression> operands, List<String> operators)
      implements Expression {}

  /** {@code a < b <= c}, each pair in turn; the operators include {@code in} and {@code not in}. */
  record Comparison(int line, List<Expression> operands, List<String> operators)
      implements Expression {}

  /** {@code a ~ b ~ c}. */
  record Concatenation(int line, List<Expression> operands) implements Expression {}

  record And(int line, List<Expression> operands) implements Expression {}

  record Or(int line, List<Expression> operands) implements Expression {}

  record Not(int line, Expression operand) implements Expression {}

  record Negative(int line, Expression operand) implements Expression {}

  record Positive(int line, Expression operand) implements Expression {}

  /** {@code value if test else otherwise}; {@code otherwise} may be null. */
  record Conditional(int line, Expression test, Expression value, Expression otherwise)
      implements Expression {}

  record Attribute(int line, Expression target, String name) implements Expression {}

  record Item(int line, Expression target, Expression key) implements Expression {}

  /** {@code target[start:stop:step]}, each bound null when left out. */
  record Slice(int line, Expression target, Expression start, Expression stop, Expression step)
      implements Expression {}

  /** Arguments of a call; {@code starred} and {@code doubleStarred} are null when absent. */
  record CallArguments(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      Expression starred,
      Expression doubleStarred) {
    static final CallArguments NONE =
        new CallArguments(List.of(), List.of(), List.of(), null, null);
  }

  record Call(int line, Expression target, CallArguments arguments) implements Expression {}

  /** {@code target | name(arguments)}; a null target stands for the text of a block. */
  record Filter(int line, Expression target, String name, CallArguments arguments)
      implements Expression {}

  record Test(int line, Expression target, String name, CallArguments arguments)
      implements Expression {}

  /** Something done in its place. */
  sealed interface Statement extends Node {}

  record Data(int line, MarkedString text) implements Statement {}

  record Output(int line, Expression value) implements Statement {}

  /** What an assignment fills: a name, a field of a namespace, or a tuple of targets. */
  sealed interface Target {}

  record NameTarget(String name) implements Target {}

  record FieldTarget(int line, String namespace, String field) implements Target {}

  record TupleTarget(List<Target> targets) implements Target {}

  record Assign(int line, Target target, Expression value) implements Statement {}

  /** {@code {% set x | filter %}…{% endset %}}; {@code filter} may be null. */
  record AssignBlock(int line, Target target, Filter filter, List<Statement> body)
      implements Statement {}

  record If(
      int line, List<Expression> tests, List<List<Statement>> bodies, List<Statement> otherwise)
      implements Statement {}

  record For(
      int line,
      Target target,
      Expression iterable,
      Expression test,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  /** A macro, or the body of a call block. {@code defaults} belong to the last parameters. */
  record Macro(
      int line,
      String name,
      List<String> parameters,
      List<Expression> defaults,
      List<Statement> body,
      boolean catchesPositional,
      boolean catchesNamed,
      boolean usesCaller)
      implements Statement {}

  record CallBlock(int line, Macro caller, Call call) implements Statement {}

  record FilterBlock(int line, Filter filter, List<Statement> body) implements Statement {}

  record With(int line, List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {}

  /** {@code {% generation %}}: its text, in a scope of its own. */
  record Generation(int line, List<Statement> body) implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}
}
