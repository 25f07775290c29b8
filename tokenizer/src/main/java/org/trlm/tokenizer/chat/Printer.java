package org.trlm.tokenizer.chat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import org.trlm.tokenizer.chat.TemplateException.Kind;
import org.trlm.tokenizer.chat.Values.Dict;
import org.trlm.tokenizer.chat.Values.Generator;
import org.trlm.tokenizer.chat.Values.Namespace;
import org.trlm.tokenizer.chat.Values.Sequence;
import org.trlm.tokenizer.chat.Values.SequenceKind;
import org.trlm.tokenizer.chat.Values.Undefined;

/**
 * Values as Python prints them: {@code str} and {@code repr}. Marks of text inside of containers
 * stay.
 */
final class Printer {
  private static final int SHORT = 60;

  private Printer() {}

  static String shorten(String text) {
    return text.length() <= SHORT ? text : text.substring(0, SHORT) + "…";
  }

  /** {@code str(value)}. */
  static MarkedString text(Object value, Budget budget) {
    if (value instanceof MarkedString string) {
      return string;
    }
    if (value instanceof Undefined) {
      return MarkedString.EMPTY;
    }
    MarkedString.Builder out = new MarkedString.Builder(budget);
    repr(value, out, budget);
    return out.build();
  }

  /** {@code repr(value)}. */
  static MarkedString repr(Object value, Budget budget) {
    MarkedString.Builder out = new MarkedString.Builder(budget);
    repr(value, out, budget);
    return out.build();
  }

  static void repr(Object value, MarkedString.Builder out, Budget budget) {
    budget.step();
    if (value instanceof MarkedString string) {
      if (string.isMarkup()) {
        out.append("Markup(");
      }
      quote(string, out);
      if (string.isMarkup()) {
        out.append(")");
      }
    } else if (value instanceof Sequence || value instanceof Dict || value instanceof Namespace) {
      budget.enter();
      container(value, out, budget);
      budget.leave();
    } else if (value instanceof Generator
        || value instanceof Loop
        || value instanceof Values.Callable) {
      throw new TemplateException(
          Kind.UNSUPPORTED,
          "a "
              + Operators.typeName(value)
              + " is printed; Python would print its address. Use it, or turn it into a list");
    } else {
      out.append(scalar(value));
    }
  }

  private static String scalar(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean b) {
      return b ? "True" : "False";
    }
    return value instanceof Double d
        ? number(d)
        : value instanceof Long l ? Long.toString(l) : "Undefined";
  }

  private static void container(Object value, MarkedString.Builder out, Budget budget) {
    if (value instanceof Namespace namespace) {
      out.append("<Namespace ");
      repr(namespace.fields(), out, budget);
      out.append(">");
    } else if (value instanceof Dict dict) {
      out.append("{");
      boolean first = true;
      for (Dict.Entry entry : dict.entries()) {
        out.append(first ? "" : ", ");
        first = false;
        repr(entry.key(), out, budget);
        out.append(": ");
        repr(entry.value(), out, budget);
      }
      out.append("}");
    } else {
      sequence((Sequence) value, out, budget);
    }
  }

  private static void sequence(Sequence sequence, MarkedString.Builder out, Budget budget) {
    if (sequence.items() instanceof Values.RangeItems range
        && sequence.kind() == SequenceKind.RANGE) {
      out.append(
          "range("
              + range.start
              + ", "
              + range.stop
              + (range.step == 1 ? ")" : ", " + range.step + ")"));
      return;
    }
    boolean tuple = sequence.kind() == SequenceKind.TUPLE;
    boolean view = sequence.kind().isView();
    out.append(view ? sequence.kind().typeName() + "([" : tuple ? "(" : "[");
    List<Object> items = sequence.items();
    boolean first = true;
    for (Object item : items) {
      out.append(first ? "" : ", ");
      first = false;
      repr(item, out, budget);
    }
    out.append(view ? "])" : tuple ? (items.size() == 1 ? ",)" : ")") : "]");
  }

  /** A name in a message, as Python's repr quotes it. */
  static String quoted(String name) {
    MarkedString.Builder out = new MarkedString.Builder(new Budget());
    quote(MarkedString.trusted(shorten(name)), out);
    return out.build().text();
  }

  private static void quote(MarkedString string, MarkedString.Builder out) {
    String text = string.text();
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(String.valueOf(quote));
    int from = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      String escape = escape(c, quote);
      if (escape != null) {
        out.append(string, from, i).append(escape, string.isMarkedAt(i));
        from = next;
      }
      i = next;
    }
    out.append(string, from, text.length()).append(String.valueOf(quote));
  }

  private static String escape(int c, char quote) {
    if (c == quote || c == '\\') {
      return "\\" + (char) c;
    }
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> c >= 0x20 && c < 0x7f || isPrintable(c) ? null : hexadecimal(c);
    };
  }

  private static String hexadecimal(int c) {
    return c < 0x100
        ? String.format("\\x%02x", c)
        : c < 0x10000 ? String.format("\\u%04x", c) : String.format("\\U%08x", c);
  }

  private static boolean isPrintable(int c) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      return false;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /** {@code repr} of a float: the fewest digits that read back as the same number. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal shortest = exact;
    for (int digits = 1; digits <= 17; digits++) {
      shortest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (shortest.doubleValue() == value) {
        break;
      }
    }
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.stripTrailingZeros().toPlainString();
      return plain.indexOf('.') >= 0 ? plain : plain + ".0";
    }
    String digits = shortest.unscaledValue().abs().toString().replaceAll("0+$", "");
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    String size =
        Math.abs(exponent) < 10 ? "0" + Math.abs(exponent) : Integer.toString(Math.abs(exponent));
    return (value < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+") + size;
  }
}
