package org.trlm.tokenizer.chat;

import java.util.ArrayList;
import java.util.List;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;

/**
 * Python's {@code + - * / // % **} over {@link Values}; whole numbers that leave 64 bits are
 * refused.
 */
final class Arithmetic {
  private Arithmetic() {}

  static Object apply(String operator, Object left, Object right, Interpreter interpreter) {
    if (operator.equals("%") && left instanceof MarkedString format) {
      return PercentFormat.format(format, right, interpreter);
    }
    Operators.failIfUndefined(left, right);
    if (Operators.isNumber(left) && Operators.isNumber(right)) {
      try {
        return Operators.isWhole(left) && Operators.isWhole(right)
            ? wholes(operator, Operators.whole(left), Operators.whole(right))
            : floats(operator, Operators.number(left), Operators.number(right));
      } catch (ArithmeticException e) {
        throw new TemplateException(
            Kind.OVERFLOW, "the result of '" + operator + "' is beyond 64 bits");
      }
    }
    if (operator.equals("+")) {
      return add(left, right, interpreter.budget());
    }
    if (operator.equals("*")) {
      if (Operators.isWhole(right)) {
        return repeat(left, right, Operators.whole(right), interpreter.budget());
      }
      if (Operators.isWhole(left)) {
        return repeat(right, left, Operators.whole(left), interpreter.budget());
      }
    }
    throw unsupported(operator, left, right);
  }

  private static TemplateException unsupported(String operator, Object left, Object right) {
    String name = operator.equals("**") ? "** or pow()" : operator;
    return new TemplateException(
        Kind.TYPE,
        "unsupported operand type(s) for "
            + name
            + ": '"
            + Operators.typeName(left)
            + "' and '"
            + Operators.typeName(right)
            + "'");
  }

  private static Object wholes(String operator, long left, long right) {
    if (right == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new TemplateException(
          Kind.ZERO_DIVISION,
          operator.equals("/") ? "division by zero" : "integer division or modulo by zero");
    }
    return switch (operator) {
      case "+" -> Math.addExact(left, right);
      case "-" -> Math.subtractExact(left, right);
      case "*" -> Math.multiplyExact(left, right);
      case "/" -> divide(left, right);
      case "//" ->
          left == Long.MIN_VALUE && right == -1
              ? Math.negateExact(left)
              : Math.floorDiv(left, right);
      case "%" -> Math.floorMod(left, right);
      default -> power(left, right);
    };
  }

  private static double divide(long left, long right) {
    boolean exact =
        Math.abs(left) <= 1L << 53
            && Math.abs(right) <= 1L << 53
            && left != Long.MIN_VALUE
            && right != Long.MIN_VALUE;
    return exact
        ? (double) left / right
        : new java.math.BigDecimal(left)
            .divide(new java.math.BigDecimal(right), new java.math.MathContext(40))
            .doubleValue();
  }

  private static Object power(long base, long exponent) {
    if (exponent < 0) {
      return floats("**", base, exponent);
    }
    long result = 1;
    long square = base;
    for (long left = exponent; left > 0; left >>= 1) {
      if ((left & 1) == 1) {
        result = Math.multiplyExact(result, square);
      }
      if (left > 1) {
        square = Math.multiplyExact(square, square);
      }
    }
    return result;
  }

  private static Object floats(String operator, double left, double right) {
    if (right == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new TemplateException(
          Kind.ZERO_DIVISION,
          operator.equals("/")
              ? "float division by zero"
              : operator.equals("//") ? "float floor division by zero" : "float modulo");
    }
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "/" -> left / right;
      case "//" -> Math.floor((left - modulo(left, right)) / right + 0.5);
      case "%" -> modulo(left, right);
      default -> powerOf(left, right);
    };
  }

  private static double modulo(double left, double right) {
    double rest = left % right;
    if (rest != 0 && (rest < 0) != (right < 0)) {
      rest += right;
    }
    return rest == 0 ? Math.copySign(0.0, right) : rest;
  }

  private static double powerOf(double base, double exponent) {
    if (base == 0 && exponent < 0) {
      throw new TemplateException(Kind.ZERO_DIVISION, "0.0 cannot be raised to a negative power");
    }
    if (base < 0 && exponent != Math.rint(exponent)) {
      throw new TemplateException(Kind.UNSUPPORTED, "complex numbers are not supported");
    }
    double result = StrictMath.pow(base, exponent);
    if (Double.isInfinite(result) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
      throw new TemplateException(Kind.OVERFLOW, "Numerical result out of range");
    }
    return result;
  }

  private static Object add(Object left, Object right, Budget budget) {
    if (left instanceof MarkedString a && right instanceof MarkedString b) {
      boolean markup = a.isMarkup() || b.isMarkup();
      MarkedString first = markup ? Markup.escape(a, budget) : a;
      MarkedString second = markup ? Markup.escape(b, budget) : b;
      if (first.isEmpty() || second.isEmpty()) {
        return (first.isEmpty() ? second : first).asMarkup(markup);
      }
      return new MarkedString.Builder(budget).append(first).append(second).build().asMarkup(markup);
    }
    if (left instanceof Sequence a
        && (a.kind() == SequenceKind.LIST || a.kind() == SequenceKind.TUPLE)) {
      if (right instanceof Sequence b && a.kind() == b.kind()) {
        budget.items((long) a.items().size() + b.items().size());
        List<Object> all = new ArrayList<>(a.items());
        all.addAll(b.items());
        return new Sequence(a.kind(), all);
      }
      throw onlyConcatenate(a.kind().typeName(), right);
    }
    if (left instanceof MarkedString) {
      throw onlyConcatenate("str", right);
    }
    throw unsupported("+", left, right);
  }

  private static TemplateException onlyConcatenate(String type, Object right) {
    return new TemplateException(
        Kind.TYPE,
        "can only concatenate " + type + " (not \"" + Operators.typeName(right) + "\") to " + type);
  }

  private static Object repeat(Object value, Object times, long count, Budget budget) {
    if (value instanceof MarkedString text) {
      return new MarkedString.Builder(budget).repeat(text, count).build().asMarkup(text.isMarkup());
    }
    if (value instanceof Sequence sequence
        && (sequence.kind() == SequenceKind.LIST || sequence.kind() == SequenceKind.TUPLE)) {
      List<Object> all = new ArrayList<>();
      if (!sequence.items().isEmpty()) {
        for (long i = 0; i < count; i++) {
          budget.items(sequence.items().size());
          all.addAll(sequence.items());
        }
      }
      return new Sequence(sequence.kind(), all);
    }
    throw unsupported("*", value, times);
  }

  static Object negative(Object value) {
    if (value instanceof Double d) {
      return -d;
    }
    if (Operators.isWhole(value)) {
      long whole = Operators.whole(value);
      if (whole == Long.MIN_VALUE) {
        throw new TemplateException(Kind.OVERFLOW, "the result of '-' is beyond 64 bits");
      }
      return -whole;
    }
    Operators.failIfUndefined(value, null);
    throw new TemplateException(
        Kind.TYPE, "bad operand type for unary -: '" + Operators.typeName(value) + "'");
  }

  static Object positive(Object value) {
    if (value instanceof Double) {
      return value;
    }
    if (Operators.isWhole(value)) {
      return Operators.whole(value);
    }
    Operators.failIfUndefined(value, null);
    throw new TemplateException(
        Kind.TYPE, "bad operand type for unary +: '" + Operators.typeName(value) + "'");
  }
}
