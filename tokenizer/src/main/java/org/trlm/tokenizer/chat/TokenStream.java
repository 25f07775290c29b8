package org.trlm.tokenizer.chat;

import java.util.List;

/** The tokens of a template with the place the parser has come to. */
final class TokenStream {
  private final List<Token> tokens;
  private int at;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token look() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (at < tokens.size() - 1) {
      at++;
    }
    return token;
  }

  int line() {
    return current().line();
  }

  boolean isOperator(String operator) {
    return current().isOperator(operator);
  }

  boolean isName(String name) {
    return current().isName(name);
  }

  boolean skipOperator(String operator) {
    boolean found = isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = isName(name);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(Token.Type type) {
    if (current().type() != type) {
      throw unexpected(type.description());
    }
    return next();
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected(operator);
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected(name);
    }
  }

  String name() {
    return (String) expect(Token.Type.NAME).value();
  }

  private TemplateException unexpected(String expected) {
    if (current().type() == Token.Type.EOF) {
      return fail("unexpected end of template, expected '" + expected + "'");
    }
    return fail(
        "expected token '" + expected + "', got '" + Printer.shorten(current().describe()) + "'");
  }

  TemplateException fail(String problem) {
    return new TemplateException(TemplateException.Kind.SYNTAX, problem, null, line());
  }
}
