package org.trlm.tokenizer.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trlm.tokenizer.chat.Node.Expression;
import org.trlm.tokenizer.chat.Node.Statement;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * Statements of a template: tokens in, a list of {@link Statement} out. What Jinja knows and this
 * does not is refused by name.
 */
final class Parser {
  private static final Set<String> REFUSED =
      Set.of("extends", "block", "include", "import", "from", "autoescape", "trans", "debug", "do");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final Deque<String> openTags = new ArrayDeque<>();
  private int loops;

  private Parser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String source) {
    Parser parser = new Parser(new TokenStream(Lexer.tokenize(source)));
    List<Statement> body = parser.statements(Set.of());
    parser.expressions.refuseUnknownSince(0);
    return body;
  }

  /**
   * Statements up to one of the tags in {@code ends}, whose name is then the current token; up to
   * the end when there are none.
   */
  private List<Statement> statements(Set<String> ends) {
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = tokens.current();
      switch (token.type()) {
        case DATA -> {
          tokens.next();
          body.add(new Node.Data(token.line(), MarkedString.trusted((String) token.value())));
        }
        case VARIABLE_BEGIN -> {
          tokens.next();
          body.add(new Node.Output(token.line(), expressions.tuple(true, false, null)));
          tokens.expect(Token.Type.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          tokens.next();
          if (tokens.current().type() == Token.Type.NAME
              && ends.contains(tokens.current().value())) {
            return body;
          }
          statement(body);
          tokens.expect(Token.Type.BLOCK_END);
        }
        case EOF -> {
          if (!ends.isEmpty()) {
            throw tokens.fail("Unexpected end of template. " + lookingFor(ends));
          }
          return body;
        }
        default -> throw tokens.fail("unexpected " + token.describe());
      }
    }
  }

  private String lookingFor(Set<String> ends) {
    String wanted =
        "Jinja was looking for the following tags: "
            + String.join(" or ", ends.stream().sorted().toList());
    return openTags.isEmpty()
        ? wanted
        : wanted + ". The innermost block that needs to be closed is '" + openTags.peek() + "'.";
  }

  private void statement(List<Statement> into) {
    Token token = tokens.current();
    if (token.type() != Token.Type.NAME) {
      throw tokens.fail("tag name expected");
    }
    String tag = (String) token.value();
    int line = token.line();
    tokens.next();
    openTags.push(tag);
    expressions.enter();
    switch (tag) {
      case "for" -> into.add(forLoop(line));
      case "if" -> into.add(ifElse(line));
      case "set" -> into.add(assignment(line));
      case "macro" -> into.add(macro(line, tokens.name(), "endmacro"));
      case "call" -> into.add(callBlock(line));
      case "filter" -> into.add(filterBlock(line));
      case "with" -> into.add(with(line));
      case "generation" -> into.add(generation(line));
      case "print" -> print(line, into);
      case "break", "continue" -> into.add(jump(line, tag));
      default -> throw unknownTag(tag, line);
    }
    expressions.leave();
    openTags.pop();
  }

  private TemplateException unknownTag(String tag, int line) {
    if (REFUSED.contains(tag)) {
      return new TemplateException(
          Kind.UNSUPPORTED,
          "the statement '" + tag + "' is not supported in chat templates",
          null,
          line);
    }
    openTags.pop();
    String innermost =
        openTags.isEmpty()
            ? ""
            : " The innermost block that needs to be closed is '" + openTags.peek() + "'.";
    return new TemplateException(
        Kind.SYNTAX,
        "Encountered unknown tag '" + Printer.shorten(tag) + "'." + innermost,
        null,
        line);
  }

  /** A body with its end tag; the optional colon of Python is allowed. */
  private List<Statement> body(String... ends) {
    tokens.skipOperator(":");
    tokens.expect(Token.Type.BLOCK_END);
    return statements(Set.of(ends));
  }

  /** A body in a scope of its own, where an unknown filter is refused even below an {@code if}. */
  private List<Statement> scopedBody(String... ends) {
    int mark = expressions.unknownMark();
    List<Statement> body = body(ends);
    expressions.refuseUnknownSince(mark);
    return body;
  }

  /** The body of what Jinja compiles to a function: no loop reaches into it. */
  private List<Statement> functionBody(String end) {
    int outerLoops = loops;
    loops = 0;
    List<Statement> body = scopedBody(end);
    tokens.next();
    loops = outerLoops;
    return body;
  }

  private Node.For forLoop(int line) {
    Node.Target target = assignTargets("in", false);
    tokens.expectName("in");
    Expression iterable = expressions.tuple(false, false, "recursive");
    int mark = expressions.unknownMark();
    Expression test = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Statement> body = body("endfor", "else");
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.next().isName("else")) {
      otherwise = body("endfor");
      tokens.next();
    }
    expressions.refuseUnknownSince(mark);
    return new Node.For(line, target, iterable, test, recursive, body, otherwise);
  }

  private Node.If ifElse(int line) {
    List<Expression> tests = new ArrayList<>();
    List<List<Statement>> bodies = new ArrayList<>();
    List<Statement> otherwise = List.of();
    int mark = expressions.unknownMark();
    while (true) {
      tests.add(expressions.tuple(false, false, null));
      bodies.add(body("elif", "else", "endif"));
      Token end = tokens.next();
      if (end.isName("elif")) {
        continue;
      }
      if (end.isName("else")) {
        otherwise = body("endif");
        tokens.next();
      }
      expressions.allowUnknownSince(mark);
      return new Node.If(line, tests, bodies, otherwise);
    }
  }

  private Statement assignment(int line) {
    Node.Target target = assignTargets(null, true);
    if (tokens.skipOperator("=")) {
      return new Node.Assign(line, target, expressions.tuple(true, false, null));
    }
    Node.Filter filter = null;
    while (tokens.skipOperator("|")) {
      filter = expressions.filter(filter);
    }
    List<Statement> body = scopedBody("endset");
    tokens.next();
    return new Node.AssignBlock(line, target, filter, body);
  }

  private Node.Target assignTargets(String endName, boolean fields) {
    List<Node.Target> targets = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      if (expressions.isTupleEnd(endName)) {
        break;
      }
      targets.add(assignTarget(fields));
      if (!tokens.isOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (!isTuple && targets.isEmpty()) {
      throw tokens.fail(
          "Expected an expression, got '" + Printer.shorten(tokens.current().describe()) + "'");
    }
    return isTuple ? new Node.TupleTarget(targets) : targets.get(0);
  }

  private Node.Target assignTarget(boolean fields) {
    int line = tokens.line();
    if (tokens.skipOperator("(")) {
      expressions.enter();
      Node.Target inner = assignTargets(null, false);
      expressions.leave();
      tokens.expectOperator(")");
      return inner;
    }
    if (tokens.current().type() != Token.Type.NAME) {
      throw tokens.fail("can't assign to '" + Printer.shorten(tokens.current().describe()) + "'");
    }
    String name = tokens.name();
    if (ExpressionParser.isReserved(name)) {
      throw new TemplateException(Kind.SYNTAX, "can't assign to '" + name + "'", null, line);
    }
    if (fields && tokens.skipOperator(".")) {
      return new Node.FieldTarget(line, name, tokens.name());
    }
    return new Node.NameTarget(name);
  }

  private Node.Macro macro(int line, String name, String end) {
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    if (ExpressionParser.isReserved(name)) {
      throw new TemplateException(Kind.SYNTAX, "can't assign to '" + name + "'", null, line);
    }
    int mark = expressions.unknownMark();
    signature(parameters, defaults);
    expressions.refuseUnknownSince(mark);
    return macroBody(line, name, parameters, defaults, end);
  }

  private Node.Macro macroBody(
      int line, String name, List<String> parameters, List<Expression> defaults, String end) {
    Set<String> seen = expressions.namesSeen();
    Set<String> outer = Set.copyOf(seen);
    seen.clear();
    List<Statement> body = functionBody(end);
    Map<String, Boolean> special =
        Map.of(
            "varargs", seen.contains("varargs") && !parameters.contains("varargs"),
            "kwargs", seen.contains("kwargs") && !parameters.contains("kwargs"),
            "caller", seen.contains("caller") && !parameters.contains("caller"));
    seen.addAll(outer);
    return new Node.Macro(
        line,
        name,
        parameters,
        defaults,
        body,
        special.get("varargs"),
        special.get("kwargs"),
        special.get("caller"));
  }

  private void signature(List<String> parameters, List<Expression> defaults) {
    tokens.expectOperator("(");
    while (!tokens.isOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String parameter = tokens.name();
      if (ExpressionParser.isReserved(parameter) || parameters.contains(parameter)) {
        throw tokens.fail("can't use '" + parameter + "' as a parameter here");
      }
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.fail("non-default argument follows default argument");
      }
      parameters.add(parameter);
    }
    tokens.next();
  }

  private Node.CallBlock callBlock(int line) {
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    if (tokens.isOperator("(")) {
      signature(parameters, defaults);
    }
    if (!(expressions.expression() instanceof Node.Call call)) {
      throw new TemplateException(Kind.SYNTAX, "expected call", null, line);
    }
    return new Node.CallBlock(
        line, macroBody(line, "caller", parameters, defaults, "endcall"), call);
  }

  private Node.FilterBlock filterBlock(int line) {
    Node.Filter filter = expressions.filter(null);
    while (tokens.skipOperator("|")) {
      filter = expressions.filter(filter);
    }
    List<Statement> body = scopedBody("endfilter");
    tokens.next();
    return new Node.FilterBlock(line, filter, body);
  }

  private Node.With with(int line) {
    List<Node.Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.current().type() != Token.Type.BLOCK_END) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(assignTarget(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    List<Statement> body = scopedBody("endwith");
    tokens.next();
    return new Node.With(line, targets, values, body);
  }

  private Node.Generation generation(int line) {
    return new Node.Generation(line, functionBody("endgeneration"));
  }

  private void print(int line, List<Statement> into) {
    boolean first = true;
    while (tokens.current().type() != Token.Type.BLOCK_END) {
      if (!first) {
        tokens.expectOperator(",");
      }
      first = false;
      into.add(new Node.Output(line, expressions.expression()));
    }
  }

  private Statement jump(int line, String tag) {
    if (loops == 0) {
      throw new TemplateException(Kind.SYNTAX, "'" + tag + "' outside loop", null, line);
    }
    return tag.equals("break") ? new Node.Break(line) : new Node.Continue(line);
  }
}
