package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.trlm.tokenizer.chat.Node.CallArguments;
import org.trlm.tokenizer.chat.Node.Expression;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * Expressions, by recursive descent with Jinja's own precedence: {@code if else}, or, and, not,
 * comparisons, + -, ~, * / // %, **, unary, postfix, filters and tests. One file, although a long
 * one: the rules call each other in a circle, and are read from the loosest to the tightest.
 */
final class ExpressionParser {
  static final int MAX_NESTING = 200;
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SUMS = Set.of("+", "-");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");
  private static final Set<String> POWERS = Set.of("**");
  private static final Set<String> RESERVED =
      Set.of("true", "false", "none", "True", "False", "None");

  /**
   * A filter or test that does not exist: an error at once, unless an {@code if} may keep it from
   * being reached.
   */
  private record UnknownName(int line, String what, String name) {}

  private final TokenStream tokens;
  private final Set<String> namesSeen = new HashSet<>();
  private final List<UnknownName> unknown = new ArrayList<>();
  private int nesting;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** Names read so far; the parser of macros looks for its special ones. */
  Set<String> namesSeen() {
    return namesSeen;
  }

  void enter() {
    if (++nesting > MAX_NESTING) {
      throw new TemplateException(
          Kind.LIMIT,
          "the template nests deeper than " + MAX_NESTING + " levels",
          null,
          tokens.line());
    }
  }

  void leave() {
    nesting--;
  }

  int unknownMark() {
    return unknown.size();
  }

  /** What was unknown since the mark is behind a condition: it fails only when it is reached. */
  void allowUnknownSince(int mark) {
    unknown.subList(mark, unknown.size()).clear();
  }

  /** What was unknown since the mark is reached for certain. */
  void refuseUnknownSince(int mark) {
    if (unknown.size() > mark) {
      UnknownName first = unknown.get(mark);
      boolean jinja = Builtins.isUnsupported(first.what, first.name);
      throw new TemplateException(
          jinja ? Kind.UNSUPPORTED : Kind.SYNTAX,
          jinja
              ? Builtins.unsupported(first.what, first.name)
              : "No " + first.what + " named '" + first.name + "'.",
          null,
          first.line);
    }
  }

  Expression expression() {
    int before = nesting;
    int mark = unknownMark();
    int line = tokens.line();
    enter();
    Expression value = or();
    while (tokens.skipName("if")) {
      enter();
      Expression test = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      value = new Node.Conditional(line, test, value, otherwise);
      line = tokens.line();
      allowUnknownSince(mark);
    }
    nesting = before;
    return value;
  }

  Expression or() {
    int line = tokens.line();
    Expression first = and();
    if (!tokens.isName("or")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (tokens.skipName("or")) {
      operands.add(and());
    }
    return new Node.Or(line, operands);
  }

  private Expression and() {
    int line = tokens.line();
    Expression first = not();
    if (!tokens.isName("and")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (tokens.skipName("and")) {
      operands.add(not());
    }
    return new Node.And(line, operands);
  }

  private Expression not() {
    if (!tokens.isName("not")) {
      return comparison();
    }
    int line = tokens.next().line();
    enter();
    Expression operand = not();
    leave();
    return new Node.Not(line, operand);
  }

  private Expression comparison() {
    int line = tokens.line();
    List<Expression> operands = new ArrayList<>(List.of(sum()));
    List<String> operators = new ArrayList<>();
    while (true) {
      if (isOneOf(COMPARISONS)) {
        operators.add((String) tokens.next().value());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (tokens.isName("not") && tokens.look().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        break;
      }
      operands.add(sum());
    }
    return operators.isEmpty() ? operands.get(0) : new Node.Comparison(line, operands, operators);
  }

  private Expression sum() {
    return arithmetic(SUMS, this::concatenation);
  }

  private Expression concatenation() {
    int line = tokens.line();
    Expression first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      operands.add(product());
    }
    return new Node.Concatenation(line, operands);
  }

  private Expression product() {
    return arithmetic(PRODUCTS, this::power);
  }

  private Expression power() {
    return arithmetic(POWERS, () -> unary(true));
  }

  /** A chain from left to right of operators that bind equally. */
  private Expression arithmetic(Set<String> equal, Supplier<Expression> operand) {
    int line = tokens.line();
    Expression first = operand.get();
    List<Expression> operands = new ArrayList<>(List.of(first));
    List<String> operators = new ArrayList<>();
    while (isOneOf(equal)) {
      operators.add((String) tokens.next().value());
      operands.add(operand.get());
    }
    return operators.isEmpty() ? first : new Node.Arithmetic(line, operands, operators);
  }

  private boolean isOneOf(Set<String> operators) {
    Token token = tokens.current();
    return token.type() == Token.Type.OPERATOR && operators.contains(token.value());
  }

  private Expression unary(boolean withFilters) {
    int line = tokens.line();
    Expression node;
    if (tokens.isOperator("-") || tokens.isOperator("+")) {
      boolean negative = tokens.next().isOperator("-");
      enter();
      Expression operand = unary(false);
      leave();
      node = negative ? new Node.Negative(line, operand) : new Node.Positive(line, operand);
    } else {
      node = primary();
    }
    int before = nesting;
    node = postfix(node);
    if (withFilters) {
      node = filtersAndTests(node);
    }
    nesting = before;
    return node;
  }

  Expression primary() {
    Token token = tokens.current();
    switch (token.type()) {
      case NAME -> {
        tokens.next();
        return nameOrConstant(token);
      }
      case STRING -> {
        StringBuilder text = new StringBuilder();
        while (tokens.current().type() == Token.Type.STRING) {
          text.append(tokens.next().value());
        }
        return new Node.Constant(token.line(), MarkedString.trusted(text.toString()));
      }
      case INTEGER, FLOAT -> {
        tokens.next();
        return new Node.Constant(token.line(), token.value());
      }
      case OPERATOR -> {
        if (tokens.skipOperator("(")) {
          enter();
          Expression node = tuple(true, true, null);
          leave();
          tokens.expectOperator(")");
          return node;
        }
        if (token.isOperator("[")) {
          return list();
        }
        if (token.isOperator("{")) {
          return dict();
        }
      }
      default -> {
        // an error, below
      }
    }
    throw tokens.fail("unexpected '" + Printer.shorten(token.describe()) + "'");
  }

  private Expression nameOrConstant(Token token) {
    String name = (String) token.value();
    switch (name) {
      case "true", "True" -> {
        return new Node.Constant(token.line(), Boolean.TRUE);
      }
      case "false", "False" -> {
        return new Node.Constant(token.line(), Boolean.FALSE);
      }
      case "none", "None" -> {
        return new Node.Constant(token.line(), null);
      }
      default -> {
        namesSeen.add(name);
        return new Node.Name(token.line(), name);
      }
    }
  }

  static boolean isReserved(String name) {
    return RESERVED.contains(name);
  }

  /**
   * One expression, or a tuple when commas follow.
   *
   * @param conditional whether {@code a if b} may stand here
   * @param parenthesized whether an empty tuple is meant
   * @param endName a name that ends the tuple; may be null
   */
  Expression tuple(boolean conditional, boolean parenthesized, String endName) {
    int line = tokens.line();
    List<Expression> items = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
      }
      if (isTupleEnd(endName)) {
        break;
      }
      items.add(conditional ? expression() : or());
      if (!tokens.isOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (!isTuple && !items.isEmpty()) {
      return items.get(0);
    }
    if (!isTuple && !parenthesized) {
      throw tokens.fail(
          "Expected an expression, got '" + Printer.shorten(tokens.current().describe()) + "'");
    }
    return new Node.TupleLiteral(line, items);
  }

  boolean isTupleEnd(String endName) {
    return switch (tokens.current().type()) {
      case VARIABLE_END, BLOCK_END -> true;
      case OPERATOR -> tokens.isOperator(")");
      case NAME -> endName != null && tokens.isName(endName);
      default -> false;
    };
  }

  private Expression list() {
    int line = tokens.next().line();
    List<Expression> items = new ArrayList<>();
    while (!tokens.isOperator("]")) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.isOperator("]")) {
          break;
        }
      }
      items.add(expression());
    }
    tokens.expectOperator("]");
    return new Node.ListLiteral(line, items);
  }

  private Expression dict() {
    int line = tokens.next().line();
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.isOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.isOperator("}")) {
          break;
        }
      }
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
    }
    tokens.expectOperator("}");
    return new Node.DictLiteral(line, keys, values);
  }

  private Expression postfix(Expression target) {
    Expression node = target;
    while (true) {
      if (tokens.isOperator(".")) {
        node = attribute(node);
      } else if (tokens.isOperator("[")) {
        node = subscript(node);
      } else if (tokens.isOperator("(")) {
        int line = tokens.line();
        node = new Node.Call(line, node, callArguments());
      } else {
        return node;
      }
      enter();
    }
  }

  private Expression filtersAndTests(Expression target) {
    Expression node = target;
    while (true) {
      if (tokens.isOperator("|")) {
        tokens.next();
        node = filter(node);
      } else if (tokens.isName("is")) {
        node = test(node);
      } else if (tokens.isOperator("(")) {
        int line = tokens.line();
        node = new Node.Call(line, node, callArguments());
      } else {
        return node;
      }
      enter();
    }
  }

  private Expression attribute(Expression target) {
    int line = tokens.next().line();
    Token token = tokens.next();
    return switch (token.type()) {
      case NAME -> new Node.Attribute(line, target, (String) token.value());
      case INTEGER -> new Node.Item(line, target, new Node.Constant(token.line(), token.value()));
      default ->
          throw new TemplateException(Kind.SYNTAX, "expected name or number", null, token.line());
    };
  }

  private Expression subscript(Expression target) {
    int line = tokens.next().line();
    List<Expression> keys = new ArrayList<>();
    while (!tokens.isOperator("]")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
      }
      Expression start = tokens.isOperator(":") ? null : expression();
      if (tokens.isOperator(":")) {
        Node.Slice slice = slice(line, target, start);
        if (!keys.isEmpty() || !tokens.isOperator("]")) {
          throw new TemplateException(
              Kind.UNSUPPORTED, "a slice among several subscripts is not supported", null, line);
        }
        tokens.next();
        return slice;
      }
      keys.add(start);
    }
    tokens.expectOperator("]");
    return new Node.Item(
        line, target, keys.size() == 1 ? keys.get(0) : new Node.TupleLiteral(line, keys));
  }

  private Node.Slice slice(int line, Expression target, Expression start) {
    tokens.expectOperator(":");
    Expression stop = isBoundEnd() ? null : expression();
    Expression step = null;
    if (tokens.skipOperator(":") && !isBoundEnd()) {
      step = expression();
    }
    return new Node.Slice(line, target, start, stop, step);
  }

  private boolean isBoundEnd() {
    return tokens.isOperator(":") || tokens.isOperator("]") || tokens.isOperator(",");
  }

  Node.Filter filter(Expression target) {
    int line = tokens.line();
    String name = dottedName();
    if (!Builtins.hasFilter(name)) {
      unknown.add(new UnknownName(line, "filter", name));
    }
    return new Node.Filter(
        line, target, name, tokens.isOperator("(") ? callArguments() : CallArguments.NONE);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.name());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.name());
    }
    return name.toString();
  }

  private Expression test(Expression target) {
    int line = tokens.next().line();
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    if (!Builtins.hasTest(name)) {
      unknown.add(new UnknownName(line, "test", name));
    }
    CallArguments arguments = CallArguments.NONE;
    if (tokens.isOperator("(")) {
      arguments = callArguments();
    } else if (startsTestArgument()) {
      if (tokens.isName("is")) {
        throw tokens.fail("You cannot chain multiple tests with is");
      }
      Expression argument = postfix(primary());
      arguments = new CallArguments(List.of(argument), List.of(), List.of(), null, null);
    }
    Node.Test test = new Node.Test(line, target, name, arguments);
    return negated ? new Node.Not(line, test) : test;
  }

  private boolean startsTestArgument() {
    return switch (tokens.current().type()) {
      case NAME -> !tokens.isName("else") && !tokens.isName("or") && !tokens.isName("and");
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> tokens.isOperator("[") || tokens.isOperator("{");
      default -> false;
    };
  }

  CallArguments callArguments() {
    int line = tokens.line();
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Expression> named = new ArrayList<>();
    Expression starred = null;
    Expression doubleStarred = null;
    boolean first = true;
    while (!tokens.isOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.isOperator(")")) {
          break;
        }
      }
      first = false;
      if (tokens.skipOperator("*")) {
        ensure(starred == null && doubleStarred == null, line);
        starred = expression();
      } else if (tokens.skipOperator("**")) {
        ensure(doubleStarred == null, line);
        doubleStarred = expression();
      } else if (tokens.current().type() == Token.Type.NAME && tokens.look().isOperator("=")) {
        ensure(doubleStarred == null, line);
        String name = tokens.name();
        ensure(!names.contains(name), line);
        names.add(name);
        tokens.next();
        named.add(expression());
      } else {
        ensure(starred == null && doubleStarred == null && names.isEmpty(), line);
        positional.add(expression());
      }
    }
    tokens.expectOperator(")");
    return new CallArguments(positional, names, named, starred, doubleStarred);
  }

  private static void ensure(boolean valid, int line) {
    if (!valid) {
      throw new TemplateException(
          Kind.SYNTAX, "invalid syntax for function call expression", null, line);
    }
  }
}
