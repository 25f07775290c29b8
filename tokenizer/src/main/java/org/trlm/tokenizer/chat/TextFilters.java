package org.trlm.tokenizer.chat;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/** Filters whose result is text or a number. */
final class TextFilters {
  private TextFilters() {}

  private interface OnText {
    Object apply(MarkedString text, Budget budget);
  }

  static void define(Map<String, Builtins.Filter> filters) {
    onText(filters, "upper", TextTools::upper);
    onText(filters, "lower", TextTools::lower);
    onText(filters, "capitalize", TextTools::capitalize);
    onText(
        filters, "title", (text, budget) -> TextTools.title(text, TextFilters::endsWord, budget));
    onText(filters, "string", (text, budget) -> text);
    onText(filters, "safe", (text, budget) -> text.asMarkup(true));
    onText(filters, "escape", Markup::escape);
    onText(filters, "e", Markup::escape);
    onText(filters, "wordcount", TextFilters::wordCount);
    filters.put("trim", TextFilters::trim);
    filters.put("replace", TextFilters::replace);
    filters.put("indent", TextFilters::indent);
    filters.put("center", TextFilters::center);
    filters.put("truncate", TextFilters::truncate);
    filters.put("format", TextFilters::format);
    filters.put("tojson", Json::filter);
    filters.put("int", TextFilters::toInt);
    filters.put("float", TextFilters::toFloat);
    filters.put("abs", TextFilters::abs);
    filters.put("round", TextFilters::round);
  }

  private static void onText(Map<String, Builtins.Filter> filters, String name, OnText filter) {
    filters.put(
        name,
        (interpreter, value, arguments) -> {
          arguments.bind(name, 0);
          return filter.apply(Printer.text(value, interpreter.budget()), interpreter.budget());
        });
  }

  private static boolean endsWord(int c) {
    return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || PythonText.isSpace(c);
  }

  private static Object wordCount(MarkedString text, Budget budget) {
    budget.read(text.length());
    long words = 0;
    boolean inside = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.text().codePointAt(i))) {
      int c = text.text().codePointAt(i);
      boolean word = c == '_' || Character.isLetterOrDigit(c);
      words += word && !inside ? 1 : 0;
      inside = word;
    }
    return words;
  }

  private static Object trim(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("trim", 0, "chars");
    Budget budget = interpreter.budget();
    return TextTools.strip(Printer.text(value, budget), bound[0], TextTools.Side.BOTH, budget);
  }

  private static Object replace(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("replace", 2, "old", "new", "count");
    Budget budget = interpreter.budget();
    long count = bound[2] == Arguments.MISSING || bound[2] == null ? -1 : whole(bound[2]);
    return TextTools.replace(
            Printer.text(value, budget),
            Printer.text(bound[0], budget),
            Printer.text(bound[1], budget),
            count,
            budget)
        .asMarkup(false);
  }

  private static Object indent(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("indent", 0, "width", "first", "blank");
    Budget budget = interpreter.budget();
    Operators.failIfUndefined(value, null);
    if (!(value instanceof MarkedString text)) {
      throw new TemplateException(
          Kind.TYPE,
          "unsupported operand type(s) for +=: '" + Operators.typeName(value) + "' and 'str'");
    }
    MarkedString indention =
        bound[0] instanceof MarkedString given
            ? given
            : new MarkedString.Builder(budget)
                .repeat(
                    MarkedString.trusted(" "), bound[0] == Arguments.MISSING ? 4 : whole(bound[0]))
                .build();
    return TextTools.indent(text, indention, given(bound[1]), given(bound[2]), budget);
  }

  private static boolean given(Object value) {
    return value != Arguments.MISSING && Operators.truth(value);
  }

  static long whole(Object value) {
    Operators.failIfUndefined(value, null);
    Operators.requireWhole(value);
    return Operators.whole(value);
  }

  private static Object center(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("center", 0, "width");
    Budget budget = interpreter.budget();
    MarkedString text = Printer.text(value, budget);
    long width = bound[0] == Arguments.MISSING ? 80 : whole(bound[0]);
    long padding = Math.max(0, width - text.codePoints());
    long left = padding / 2 + (padding & width & 1);
    MarkedString space = MarkedString.trusted(" ");
    return new MarkedString.Builder(budget)
        .repeat(space, left)
        .append(text)
        .repeat(space, padding - left)
        .build()
        .asMarkup(text.isMarkup());
  }

  private static Object truncate(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    Budget budget = interpreter.budget();
    if (!(value instanceof MarkedString text)) {
      throw new TemplateException(
          Kind.TYPE, "truncate needs a string, found '" + Operators.typeName(value) + "'");
    }
    MarkedString end =
        bound[2] == Arguments.MISSING
            ? MarkedString.trusted("...")
            : Printer.text(bound[2], budget);
    long length = bound[0] == Arguments.MISSING ? 255 : whole(bound[0]);
    long leeway = bound[3] == Arguments.MISSING || bound[3] == null ? 5 : whole(bound[3]);
    if (length < end.codePoints() || leeway < 0) {
      throw new TemplateException(
          Kind.VALUE, "expected length >= " + end.codePoints() + ", got " + length);
    }
    if (text.codePoints() <= length + leeway) {
      return text;
    }
    MarkedString cut = text.substring(0, text.indexOf((int) (length - end.codePoints())), budget);
    if (!given(bound[1])) {
      int space = cut.text().lastIndexOf(' ');
      cut = space < 0 ? cut : cut.substring(0, space, budget);
    }
    return new MarkedString.Builder(budget).append(cut).append(end).build();
  }

  private static Object format(Interpreter interpreter, Object value, Arguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw new TemplateException(
          Kind.VALUE, "can't handle positional and keyword arguments at the same time");
    }
    Object operand = Values.Sequence.tuple(arguments.positional().toArray());
    if (!arguments.named().isEmpty()) {
      Values.Dict named = new Values.Dict();
      arguments.named().forEach(named::put);
      operand = named;
    }
    return PercentFormat.format(Printer.text(value, interpreter.budget()), operand, interpreter);
  }

  private static Object toInt(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("int", 0, "default", "base");
    Operators.failIfUndefined(value, null);
    Object otherwise = bound[0] == Arguments.MISSING ? Long.valueOf(0) : bound[0];
    if (Operators.isWhole(value)) {
      return Operators.whole(value);
    }
    Double number = null;
    if (value instanceof MarkedString text) {
      Long parsed =
          NumberText.whole(text.text(), bound[1] == Arguments.MISSING ? 10 : whole(bound[1]));
      if (parsed != null) {
        return parsed;
      }
      number = NumberText.number(text.text());
    } else if (value instanceof Double d) {
      number = d;
    }
    if (number == null || number.isNaN() || number.isInfinite()) {
      if (value instanceof Double d && d.isInfinite()) {
        throw new TemplateException(Kind.OVERFLOW, "cannot convert float infinity to integer");
      }
      return otherwise;
    }
    return truncated(number);
  }

  static long truncated(double number) {
    if (Math.abs(number) >= 0x1p63) {
      throw new TemplateException(
          Kind.OVERFLOW, "whole number " + Printer.number(number) + " is beyond 64 bits");
    }
    return (long) number;
  }

  private static Object toFloat(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("float", 0, "default");
    Operators.failIfUndefined(value, null);
    if (Operators.isNumber(value)) {
      return Operators.number(value);
    }
    Double number = value instanceof MarkedString text ? NumberText.number(text.text()) : null;
    return number != null ? number : bound[0] == Arguments.MISSING ? Double.valueOf(0) : bound[0];
  }

  private static Object abs(Interpreter interpreter, Object value, Arguments arguments) {
    arguments.bind("abs", 0);
    if (value instanceof Double d) {
      return Math.abs(d);
    }
    if (!Operators.isWhole(value)) {
      throw new TemplateException(
          Kind.TYPE, "bad operand type for abs(): '" + Operators.typeName(value) + "'");
    }
    return Operators.whole(value) < 0 ? Arithmetic.negative(value) : Arithmetic.positive(value);
  }

  private static Object round(Interpreter interpreter, Object value, Arguments arguments) {
    Object[] bound = arguments.bind("round", 0, "precision", "method");
    long precision = bound[0] == Arguments.MISSING ? 0 : whole(bound[0]);
    String method =
        bound[1] == Arguments.MISSING
            ? "common"
            : Printer.text(bound[1], interpreter.budget()).text();
    if (!List.of("common", "ceil", "floor").contains(method)) {
      throw new TemplateException(Kind.VALUE, "method must be common, ceil or floor");
    }
    if (!Operators.isNumber(value)) {
      throw new TemplateException(
          Kind.TYPE, "type " + Operators.typeName(value) + " doesn't define __round__ method");
    }
    double number = Operators.number(value);
    if (Math.abs(precision) > 300 || Double.isNaN(number) || Double.isInfinite(number)) {
      throw new TemplateException(
          Kind.UNSUPPORTED, "round: a precision beyond 300 digits or a number that is not finite");
    }
    if (method.equals("common")) {
      if (Operators.isWhole(value) && precision >= 0) {
        return Operators.whole(value);
      }
      BigDecimal rounded =
          new BigDecimal(number).setScale((int) precision, java.math.RoundingMode.HALF_EVEN);
      return Operators.isWhole(value)
          ? (Object) rounded.longValue()
          : Double.valueOf(rounded.doubleValue());
    }
    double scale = StrictMath.pow(10, precision);
    return (method.equals("ceil") ? Math.ceil(number * scale) : Math.floor(number * scale)) / scale;
  }
}
