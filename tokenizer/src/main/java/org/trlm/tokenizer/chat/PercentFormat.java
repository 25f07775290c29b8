package org.trlm.tokenizer.chat;

import java.util.List;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;

/** {@code '%s is %d' % values}. */
final class PercentFormat {
  private final MarkedString format;
  private final String text;
  private final Object operand;
  private final List<Object> values;
  private final Budget budget;
  private final MarkedString.Builder out;
  private int at;
  private int used;

  private PercentFormat(MarkedString format, Object operand, Interpreter interpreter) {
    this.format = format;
    this.text = format.text();
    this.operand = operand;
    this.values =
        operand instanceof Sequence tuple && tuple.kind() == SequenceKind.TUPLE
            ? tuple.items()
            : java.util.Collections.singletonList(operand);
    this.budget = interpreter.budget();
    this.out = new MarkedString.Builder(budget);
  }

  static Object format(MarkedString format, Object operand, Interpreter interpreter) {
    return new PercentFormat(format, operand, interpreter).run().asMarkup(format.isMarkup());
  }

  private MarkedString run() {
    boolean named = false;
    for (int percent = text.indexOf('%'); percent >= 0; percent = text.indexOf('%', at)) {
      out.append(format, at, percent);
      at = percent + 1;
      budget.step();
      if (peek() == '%') {
        out.append(format, at, ++at);
      } else {
        named |= peek() == '(';
        directive();
      }
    }
    boolean leftOver = used < values.size() && !named && !(operand instanceof Dict) && !isList();
    if (leftOver) {
      throw new TemplateException(
          Kind.TYPE, "not all arguments converted during string formatting");
    }
    return out.append(format, at, text.length()).build();
  }

  private boolean isList() {
    return operand instanceof Sequence sequence
        && sequence.kind() == SequenceKind.LIST
        && used == 0;
  }

  private char peek() {
    if (at >= text.length()) {
      throw new TemplateException(Kind.VALUE, "incomplete format");
    }
    return text.charAt(at);
  }

  private void directive() {
    Object value = Arguments.MISSING;
    if (peek() == '(') {
      value = namedValue();
    }
    boolean left = false;
    boolean zero = false;
    boolean alternate = false;
    char sign = '-';
    for (; "-0+ #".indexOf(peek()) >= 0; at++) {
      left |= peek() == '-';
      zero |= peek() == '0';
      alternate |= peek() == '#';
      sign = peek() == '+' || (peek() == ' ' && sign != '+') ? peek() : sign;
    }
    long width = number();
    int precision = -1;
    if (peek() == '.') {
      at++;
      precision = (int) Math.min(number(), Integer.MAX_VALUE);
    }
    while ("lhL".indexOf(peek()) >= 0) {
      at++;
    }
    char type = peek();
    at++;
    write(
        value == Arguments.MISSING ? next() : value,
        type,
        left,
        zero,
        alternate,
        sign,
        width,
        precision);
  }

  private Object namedValue() {
    int end = text.indexOf(')', at);
    if (end < 0) {
      throw new TemplateException(Kind.VALUE, "incomplete format key");
    }
    if (!(operand instanceof Dict dict)) {
      throw new TemplateException(Kind.TYPE, "format requires a mapping");
    }
    MarkedString key = format.substring(at + 1, end, budget);
    Object value = dict.get(key, Arguments.MISSING);
    if (value == Arguments.MISSING) {
      throw new TemplateException(Kind.VALUE, "KeyError: " + Printer.quoted(key.text()));
    }
    at = end + 1;
    return value;
  }

  private long number() {
    if (peek() == '*') {
      throw new TemplateException(
          Kind.UNSUPPORTED, "'*' as a width in % formatting is not supported");
    }
    long number = 0;
    while (peek() >= '0' && peek() <= '9') {
      number = Math.min(number * 10 + peek() - '0', Budget.MAX_TEXT + 1);
      at++;
    }
    return number;
  }

  private Object next() {
    if (used >= values.size()) {
      throw new TemplateException(Kind.TYPE, "not enough arguments for format string");
    }
    return values.get(used++);
  }

  private void write(
      Object value,
      char type,
      boolean left,
      boolean zero,
      boolean alternate,
      char sign,
      long width,
      int precision) {
    switch (type) {
      case 's', 'r' -> {
        MarkedString shown =
            type == 's' ? Printer.text(value, budget) : Printer.repr(value, budget);
        new FieldSpec(" ", left ? '<' : '>', '-', false, width, (char) 0, precision, 's')
            .writeText(shown, out);
      }
      case 'c' -> {
        if (!(value instanceof MarkedString character) || character.codePoints() != 1) {
          throw new TemplateException(Kind.UNSUPPORTED, "%c is supported for one character only");
        }
        new FieldSpec(" ", left ? '<' : '>', '-', false, width, (char) 0, -1, 's')
            .writeText(character, out);
      }
      case 'd', 'i', 'u', 'x', 'X', 'o', 'f', 'F', 'e', 'E', 'g', 'G' -> {
        boolean whole = "diuxXo".indexOf(type) >= 0;
        Operators.failIfUndefined(value, null);
        if (!Operators.isNumber(value) || ("xXo".indexOf(type) >= 0 && value instanceof Double)) {
          throw new TemplateException(
              Kind.TYPE,
              (whole ? "%" + type + " format: a real number is required" : "must be real number")
                  + ", not "
                  + Operators.typeName(value));
        }
        Object number =
            whole && value instanceof Double d ? (Object) TextFilters.truncated(d) : value;
        if (whole && precision > 0) {
          throw new TemplateException(
              Kind.UNSUPPORTED, "a precision for %" + type + " is not supported");
        }
        new FieldSpec(
                zero && !left ? "0" : " ",
                left ? '<' : zero ? '=' : '>',
                sign,
                alternate,
                width,
                (char) 0,
                precision,
                type)
            .writeNumber(number, out);
      }
      default ->
          throw new TemplateException(
              Kind.VALUE, "unsupported format character " + Printer.quoted(String.valueOf(type)));
    }
  }
}
