package org.trlm.tokenizer.chat;

/** Python's escapes in string literals. An unknown escape keeps its backslash. */
final class StringLiteral {
  private static final String SIMPLE = "\\'\"abfnrtv";
  private static final String MEANING = "\\'\"\u0007\b\f\n\r\t\u000b";

  private StringLiteral() {}

  static String unescape(String body) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    StringBuilder out = new StringBuilder(body.length());
    int i = 0;
    while (i < body.length()) {
      char c = body.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      int escape = body.codePointAt(i);
      int simple = escape < 128 ? SIMPLE.indexOf(escape) : -1;
      if (simple >= 0) {
        out.append(MEANING.charAt(simple));
        i++;
      } else if (escape == '\n') {
        i++;
      } else if (escape >= '0' && escape <= '7') {
        i = octal(body, i, out);
      } else if (escape == 'x' || escape == 'u' || escape == 'U') {
        i = hexadecimal(body, i, out);
      } else if (escape == 'N') {
        i = named(body, i, out);
      } else if (escape > 127) {
        // Jinja escapes what is not ASCII before it unescapes, so a backslash meets another one
        out.append('\\').append(escapeOf(escape));
        i += Character.charCount(escape);
      } else {
        out.append('\\');
      }
    }
    return out.toString();
  }

  private static String escapeOf(int c) {
    return c < 0x100
        ? String.format("x%02x", c)
        : c < 0x10000 ? String.format("u%04x", c) : String.format("U%08x", c);
  }

  private static int octal(String body, int from, StringBuilder out) {
    int i = from;
    int value = 0;
    while (i < body.length() && i < from + 3 && body.charAt(i) >= '0' && body.charAt(i) <= '7') {
      value = value * 8 + body.charAt(i++) - '0';
    }
    out.append((char) value);
    return i;
  }

  private static int hexadecimal(String body, int at, StringBuilder out) {
    int digits = body.charAt(at) == 'x' ? 2 : body.charAt(at) == 'u' ? 4 : 8;
    int value = 0;
    for (int i = at + 1; i <= at + digits; i++) {
      int digit =
          i < body.length() && body.charAt(i) < 128 ? Character.digit(body.charAt(i), 16) : -1;
      if (digit < 0) {
        throw fail(
            "truncated escape \\"
                + body.charAt(at)
                + " in a string: "
                + digits
                + " hexadecimal digits follow it");
      }
      value = (value << 4) | digit;
    }
    if (!Character.isValidCodePoint(value)) {
      throw fail("illegal Unicode character in a string: \\U" + String.format("%08x", value));
    }
    out.appendCodePoint(value);
    return at + 1 + digits;
  }

  private static int named(String body, int at, StringBuilder out) {
    int end = body.indexOf('}', at);
    if (!body.startsWith("{", at + 1) || end < 0) {
      throw fail("malformed \\N character escape in a string: write \\N{NAME}");
    }
    try {
      out.appendCodePoint(Character.codePointOf(body.substring(at + 2, end)));
    } catch (IllegalArgumentException e) {
      throw fail("unknown Unicode character name " + Printer.shorten(body.substring(at + 2, end)));
    }
    return end + 1;
  }

  private static TemplateException fail(String problem) {
    return new TemplateException(TemplateException.Kind.SYNTAX, problem);
  }
}
