package org.trlm.tokenizer.chat;

import org.trlm.tokenizer.chat.TemplateException.Kind;

/** {@code '{} and {name.field[0]:>8}'.format(…)}, with attributes looked up as the sandbox does. */
final class BraceFormat {
  private final MarkedString format;
  private final String text;
  private final Arguments arguments;
  private final Budget budget;
  private final MarkedString.Builder out;
  private int automatic;
  private boolean manual;

  private BraceFormat(MarkedString format, Arguments arguments, Interpreter interpreter) {
    this.format = format;
    this.text = format.text();
    this.arguments = arguments;
    this.budget = interpreter.budget();
    this.out = new MarkedString.Builder(budget);
  }

  static Object format(MarkedString self, Arguments arguments, Interpreter interpreter) {
    return new BraceFormat(self, arguments, interpreter).run().asMarkup(self.isMarkup());
  }

  private MarkedString run() {
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '{' && c != '}') {
        continue;
      }
      budget.step();
      out.append(format, from, i);
      if (text.startsWith(String.valueOf(c), i + 1)) {
        out.append(format, i, ++i);
      } else if (c == '}') {
        throw new TemplateException(Kind.VALUE, "Single '}' encountered in format string");
      } else {
        int end = fieldEnd(i + 1);
        field(text.substring(i + 1, end));
        i = end;
      }
      from = i + 1;
    }
    return out.append(format, from, text.length()).build();
  }

  private int fieldEnd(int from) {
    for (int i = from; i < text.length(); i++) {
      if (text.charAt(i) == '{') {
        throw new TemplateException(
            Kind.UNSUPPORTED, "str.format: a field within a field is not supported");
      }
      if (text.charAt(i) == '}') {
        return i;
      }
    }
    throw new TemplateException(
        Kind.VALUE,
        from >= text.length()
            ? "Single '{' encountered in format string"
            : "expected '}' before end of string");
  }

  private void field(String field) {
    int colon = field.indexOf(':');
    String name = colon < 0 ? field : field.substring(0, colon);
    String spec = colon < 0 ? "" : field.substring(colon + 1);
    char conversion = 0;
    int bang = name.indexOf('!');
    if (bang >= 0) {
      conversion = name.length() == bang + 2 ? name.charAt(bang + 1) : '?';
      name = name.substring(0, bang);
    }
    Object value = value(name);
    if (conversion != 0) {
      if (conversion != 's' && conversion != 'r') {
        throw new TemplateException(
            Kind.VALUE, "Unknown conversion specifier " + Printer.shorten(field));
      }
      value = conversion == 's' ? Printer.text(value, budget) : Printer.repr(value, budget);
    }
    write(value, spec);
  }

  private Object value(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Object value = argument(name.substring(0, end));
    int at = end;
    while (at < name.length()) {
      if (name.charAt(at) == '.') {
        int next = at + 1;
        while (next < name.length() && name.charAt(next) != '.' && name.charAt(next) != '[') {
          next++;
        }
        value = Access.attribute(value, name.substring(at + 1, next), budget);
        at = next;
      } else {
        int close = name.charAt(at) == '[' ? name.indexOf(']', at) : -1;
        if (close < 0) {
          throw new TemplateException(Kind.VALUE, "Missing ']' in format string");
        }
        String key = name.substring(at + 1, close);
        Object index = isNumber(key) ? (Object) Long.valueOf(key) : MarkedString.trusted(key);
        value = Access.item(value, index, budget);
        at = close + 1;
      }
    }
    return value;
  }

  private static boolean isNumber(String key) {
    return !key.isEmpty() && key.length() < 10 && key.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private Object argument(String name) {
    if (!name.isEmpty() && !isNumber(name)) {
      if (!arguments.named().containsKey(name)) {
        throw new TemplateException(Kind.VALUE, "KeyError: " + Printer.quoted(name));
      }
      return arguments.named().get(name);
    }
    if (name.isEmpty() ? manual : automatic > 0) {
      throw new TemplateException(
          Kind.VALUE,
          "cannot switch between manual field specification and automatic field numbering");
    }
    manual |= !name.isEmpty();
    int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
    if (index >= arguments.positional().size()) {
      throw new TemplateException(
          Kind.VALUE, "Replacement index " + index + " out of range for positional args tuple");
    }
    return arguments.positional().get(index);
  }

  private void write(Object value, String spec) {
    if (spec.isEmpty()) {
      out.append(Printer.text(value, budget));
      return;
    }
    boolean number = Operators.isNumber(value) && !(value instanceof Boolean && spec.endsWith("s"));
    if (!number && !(value instanceof MarkedString)) {
      throw new TemplateException(
          Kind.TYPE,
          "unsupported format string passed to " + Operators.typeName(value) + ".__format__");
    }
    FieldSpec parsed = spec(spec, number);
    if (number) {
      parsed.writeNumber(value, out);
    } else if (parsed.type() != 's' && parsed.type() != 0) {
      throw new TemplateException(
          Kind.VALUE, "Unknown format code '" + parsed.type() + "' for object of type 'str'");
    } else {
      parsed.writeText((MarkedString) value, out);
    }
  }

  private static FieldSpec spec(String spec, boolean number) {
    int at = 0;
    String fill = " ";
    char align = number ? '>' : '<';
    int second = spec.offsetByCodePoints(0, 1);
    if (second < spec.length() && "<>^=".indexOf(spec.charAt(second)) >= 0) {
      fill = spec.substring(0, second);
      align = spec.charAt(second);
      at = second + 1;
    } else if ("<>^=".indexOf(spec.charAt(0)) >= 0) {
      align = spec.charAt(0);
      at = 1;
    }
    char sign = '-';
    if (at < spec.length() && "+- ".indexOf(spec.charAt(at)) >= 0) {
      sign = spec.charAt(at++);
    }
    boolean alternate = spec.startsWith("#", at);
    at += alternate ? 1 : 0;
    if (spec.startsWith("0", at)) {
      boolean aligned = at > 0 && "<>^=".indexOf(spec.charAt(at - 1)) >= 0;
      fill = aligned ? fill : "0";
      align = aligned ? align : number ? '=' : '<';
      at++;
    }
    int digits = digitsEnd(spec, at);
    long width =
        at == digits
            ? 0
            : Math.min(
                Long.parseLong(spec.substring(at, Math.min(digits, at + 10))), Budget.MAX_TEXT + 1);
    at = digits;
    char grouping = 0;
    if (at < spec.length() && (spec.charAt(at) == ',' || spec.charAt(at) == '_')) {
      grouping = spec.charAt(at++);
    }
    int precision = -1;
    if (spec.startsWith(".", at)) {
      digits = digitsEnd(spec, at + 1);
      if (digits == at + 1) {
        throw new TemplateException(Kind.VALUE, "Format specifier missing precision");
      }
      precision = (int) Long.parseLong(spec.substring(at + 1, Math.min(digits, at + 9)));
      at = digits;
    }
    char type = at < spec.length() ? spec.charAt(at++) : 0;
    if (at < spec.length() || (align == '=' && !number)) {
      throw new TemplateException(
          Kind.VALUE, "Invalid format specifier '" + Printer.shorten(spec) + "'");
    }
    return new FieldSpec(fill, align, sign, alternate, width, grouping, precision, type);
  }

  private static int digitsEnd(String spec, int from) {
    int end = from;
    while (end < spec.length() && spec.charAt(end) >= '0' && spec.charAt(end) <= '9') {
      end++;
    }
    return end;
  }
}
