package org.trlm.tokenizer.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Template source to tokens, with {@code trim_blocks} and {@code lstrip_blocks} on: the newline after a block or a comment goes,
 * and so does white space between the start of a line and a block or a comment, but never that before {@code {{}. One pass over
 * the source without regular expressions.
 */
final class Lexer {
  private static final String[] TWO_CHARACTER_OPERATORS = {"//", "**", "==", "!=", ">=", "<="};
  private static final String ONE_CHARACTER_OPERATORS = "+-/*%~[](){}><=.:|,;";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokenize(String source) {
    Lexer lexer = new Lexer(withoutLastNewline(normalizeNewlines(source)));
    lexer.root();
    lexer.add(Token.Type.EOF, null);
    return lexer.tokens;
  }

  /** The names in a template's blocks, those of attributes after a dot left out. */
  static Set<String> names(String source) {
    Set<String> names = new HashSet<>();
    Token before = null;
    for (Token token : tokenize(source)) {
      if (token.type() == Token.Type.NAME && (before == null || !before.isOperator("."))) {
        names.add((String) token.value());
      }
      before = token;
    }
    return names;
  }

  private static String normalizeNewlines(String text) {
    return text.indexOf('\r') < 0 ? text : text.replace("\r\n", "\n").replace('\r', '\n');
  }

  private static String withoutLastNewline(String text) {
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  private void root() {
    while (at < source.length()) {
      int open = nextOpening(at);
      if (open < 0) {
        data(source.substring(at));
        at = source.length();
        return;
      }
      char kind = source.charAt(open + 1);
      int rawBody = kind == '%' ? afterRawTag(open) : -1;
      char sign = signAt(open + 2);
      textBefore(open, sign, kind != '{');
      if (rawBody >= 0) {
        moveTo(rawBody);
        raw();
      } else {
        moveTo(open + (sign == 0 ? 2 : 3));
        if (kind == '#') {
          comment();
        } else {
          expression(kind == '%');
        }
      }
    }
  }

  private int nextOpening(int from) {
    for (int i = source.indexOf('{', from);
        i >= 0 && i + 1 < source.length();
        i = source.indexOf('{', i + 1)) {
      char next = source.charAt(i + 1);
      if (next == '%' || next == '{' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  private char signAt(int index) {
    if (index < source.length() && (source.charAt(index) == '-' || source.charAt(index) == '+')) {
      return source.charAt(index);
    }
    return 0;
  }

  /** Emits the text up to {@code end}, stripped as the tag that follows asks. */
  private void textBefore(int end, char sign, boolean strippable) {
    int stop = end;
    if (sign == '-') {
      while (stop > at && PythonText.isSpace(source.charAt(stop - 1))) {
        stop--;
      }
    } else if (sign != '+' && strippable) {
      int lineStart = end;
      while (lineStart > at
          && PythonText.isSpace(source.charAt(lineStart - 1))
          && source.charAt(lineStart - 1) != '\n') {
        lineStart--;
      }
      if (lineStart > at ? source.charAt(lineStart - 1) == '\n' : lineStarting) {
        stop = lineStart;
      }
    }
    data(source.substring(at, stop));
    moveTo(end);
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      add(Token.Type.DATA, text);
    }
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw fail("missing end of comment tag");
    }
    boolean minus = end > at && source.charAt(end - 1) == '-';
    boolean plus = end > at && source.charAt(end - 1) == '+';
    closeTag(end + 2, minus, !plus);
  }

  /** Moves behind a closing tag and what it swallows. */
  private void closeTag(int behind, boolean stripAll, boolean trimNewline) {
    int to = behind;
    if (stripAll) {
      to = skipSpace(to);
    } else if (trimNewline && to < source.length() && source.charAt(to) == '\n') {
      to++;
    }
    moveTo(to);
    lineStarting = source.charAt(to - 1) == '\n';
  }

  private int skipSpace(int from) {
    int i = from;
    while (i < source.length() && PythonText.isSpace(source.charAt(i))) {
      i++;
    }
    return i;
  }

  /** Where the body of a raw block begins when {@code open} starts one, else -1. */
  private int afterRawTag(int open) {
    int i = skipSpace(open + (signAt(open + 2) == 0 ? 2 : 3));
    if (!source.startsWith("raw", i)) {
      return -1;
    }
    i = skipSpace(i + 3);
    if (source.startsWith("-%}", i)) {
      return skipSpace(i + 3);
    }
    return source.startsWith("%}", i) ? i + 2 : -1;
  }

  private void raw() {
    lineStarting = source.charAt(at - 1) == '\n';
    for (int open = source.indexOf("{%", at); open >= 0; open = source.indexOf("{%", open + 1)) {
      char sign = signAt(open + 2);
      int i = skipSpace(open + (sign == 0 ? 2 : 3));
      if (!source.startsWith("endraw", i)) {
        continue;
      }
      i = skipSpace(i + 6);
      boolean minus = source.startsWith("-%}", i);
      boolean plus = source.startsWith("+%}", i);
      if (minus || plus || source.startsWith("%}", i)) {
        textBefore(open, sign, true);
        closeTag(i + (minus || plus ? 3 : 2), minus, !plus);
        return;
      }
    }
    throw fail("missing end of raw directive");
  }

  private void expression(boolean block) {
    add(block ? Token.Type.BLOCK_BEGIN : Token.Type.VARIABLE_BEGIN, null);
    String close = block ? "%}" : "}}";
    Deque<Character> brackets = new ArrayDeque<>();
    while (at < source.length()) {
      if (brackets.isEmpty()) {
        boolean minus = source.startsWith("-" + close, at);
        boolean plus = block && source.startsWith("+%}", at);
        if (minus || plus || source.startsWith(close, at)) {
          add(block ? Token.Type.BLOCK_END : Token.Type.VARIABLE_END, null);
          closeTag(at + (minus || plus ? 3 : 2), minus, block && !plus);
          return;
        }
      }
      token(brackets);
    }
  }

  private void token(Deque<Character> brackets) {
    char c = source.charAt(at);
    if (PythonText.isSpace(c)) {
      moveTo(skipSpace(at));
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (c == '_' || Character.isLetterOrDigit(source.codePointAt(at))) {
      name();
    } else if (c == '"' || c == '\'') {
      string(c);
    } else {
      operator(brackets);
    }
  }

  private void name() {
    int end = at;
    while (end < source.length()) {
      int c = source.codePointAt(end);
      if (c != '_' && !Character.isUnicodeIdentifierPart(c)) {
        break;
      }
      end += Character.charCount(c);
    }
    if (end == at
        || !(source.charAt(at) == '_'
            || Character.isUnicodeIdentifierStart(source.codePointAt(at)))) {
      throw fail("invalid character in identifier");
    }
    add(Token.Type.NAME, source.substring(at, end));
    moveTo(end);
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw unexpectedCharacter();
    }
    try {
      add(Token.Type.STRING, StringLiteral.unescape(source.substring(at + 1, end)));
    } catch (TemplateException e) {
      throw e.atLine(line);
    }
    moveTo(end + 1);
  }

  private void number() {
    int end = NumberLiteral.floatEnd(source, at);
    boolean afterDot = at > 0 && source.charAt(at - 1) == '.';
    if (end > at && !afterDot) {
      add(Token.Type.FLOAT, Double.valueOf(source.substring(at, end).replace("_", "")));
    } else {
      end = NumberLiteral.integerEnd(source, at);
      try {
        add(Token.Type.INTEGER, NumberLiteral.integer(source.substring(at, end)));
      } catch (NumberFormatException e) {
        throw new TemplateException(
            TemplateException.Kind.OVERFLOW,
            "whole number " + Printer.shorten(source.substring(at, end)) + " is beyond 64 bits",
            null,
            line);
      }
    }
    moveTo(end);
  }

  private void operator(Deque<Character> brackets) {
    String operator = null;
    for (String candidate : TWO_CHARACTER_OPERATORS) {
      if (source.startsWith(candidate, at)) {
        operator = candidate;
      }
    }
    char c = source.charAt(at);
    if (operator == null) {
      if (ONE_CHARACTER_OPERATORS.indexOf(c) < 0) {
        throw unexpectedCharacter();
      }
      operator = String.valueOf(c);
      balance(c, brackets);
    }
    add(Token.Type.OPERATOR, operator);
    moveTo(at + operator.length());
  }

  private void balance(char c, Deque<Character> brackets) {
    switch (c) {
      case '{' -> brackets.push('}');
      case '(' -> brackets.push(')');
      case '[' -> brackets.push(']');
      case '}', ')', ']' -> {
        if (brackets.isEmpty()) {
          throw fail("unexpected '" + c + "'");
        }
        char expected = brackets.pop();
        if (expected != c) {
          throw fail("unexpected '" + c + "', expected '" + expected + "'");
        }
      }
      default -> {
        // not a bracket
      }
    }
  }

  private void moveTo(int to) {
    for (int i = at; i < to; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    if (to > at) {
      lineStarting = source.charAt(to - 1) == '\n';
    }
    at = to;
  }

  private void add(Token.Type type, Object value) {
    tokens.add(new Token(type, value, line));
  }

  private TemplateException unexpectedCharacter() {
    return fail("unexpected char " + Printer.quoted(Character.toString(source.codePointAt(at))));
  }

  private TemplateException fail(String problem) {
    return new TemplateException(TemplateException.Kind.SYNTAX, problem, null, line);
  }
}
