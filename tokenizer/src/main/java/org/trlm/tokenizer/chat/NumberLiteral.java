package org.trlm.tokenizer.chat;

/** The number literals of the template language: {@code 1_000}, {@code 0x1f}, {@code 1.5e-3}. */
final class NumberLiteral {
  private NumberLiteral() {}

  /** End of a float literal that starts at {@code from}; {@code from} when there is none. */
  static int floatEnd(String text, int from) {
    int whole = digitsEnd(text, from);
    int end = whole;
    boolean isFloat = false;
    if (end < text.length() && text.charAt(end) == '.') {
      int fraction = digitsEnd(text, end + 1);
      if (fraction > end + 1) {
        end = fraction;
        isFloat = true;
      }
    }
    if (end < text.length() && (text.charAt(end) | 0x20) == 'e') {
      int sign = end + 1;
      if (sign < text.length() && (text.charAt(sign) == '+' || text.charAt(sign) == '-')) {
        sign++;
      }
      int exponent = digitsEnd(text, sign);
      if (exponent > sign) {
        return exponent;
      }
    }
    return isFloat ? end : from;
  }

  /** End of the whole number that starts at {@code from}, which is a digit. */
  static int integerEnd(String text, int from) {
    int base = base(text, from);
    if (base != 10) {
      int end = from + 2;
      while (true) {
        int digit = end < text.length() && text.charAt(end) == '_' ? end + 1 : end;
        if (digit >= text.length() || Character.digit(text.charAt(digit), base) < 0) {
          break;
        }
        end = digit + 1;
      }
      return end > from + 2 ? end : from + 1;
    }
    if (text.charAt(from) != '0') {
      return digitsEnd(text, from);
    }
    int end = from + 1;
    while (end < text.length()) {
      int digit = text.charAt(end) == '_' ? end + 1 : end;
      if (digit >= text.length() || text.charAt(digit) != '0') {
        break;
      }
      end = digit + 1;
    }
    return end;
  }

  static Long integer(String literal) {
    String digits = literal.replace("_", "");
    int base = digits.length() > 2 ? base(digits, 0) : 10;
    return base == 10 ? Long.valueOf(digits) : Long.valueOf(digits.substring(2), base);
  }

  private static int base(String text, int from) {
    if (text.charAt(from) != '0' || from + 2 >= text.length()) {
      return 10;
    }
    return switch (text.charAt(from + 1) | 0x20) {
      case 'x' -> 16;
      case 'o' -> 8;
      case 'b' -> 2;
      default -> 10;
    };
  }

  private static int digitsEnd(String text, int from) {
    int end = from;
    while (end < text.length()) {
      char c = text.charAt(end);
      boolean joins =
          c == '_' && end > from && end + 1 < text.length() && isDigit(text.charAt(end + 1));
      if (!isDigit(c) && !joins) {
        break;
      }
      end++;
    }
    return end;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
