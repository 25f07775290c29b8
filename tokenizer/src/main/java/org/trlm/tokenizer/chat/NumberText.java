package org.trlm.tokenizer.chat;

/**
 * Numbers that stand in text, read as Python's {@code int()} and {@code float()} do; null for what
 * they refuse.
 */
final class NumberText {
  private static final int LONGEST = 400;

  private NumberText() {}

  static Long whole(String text, long base) {
    String digits = PythonText.strip(text);
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    long radix = base;
    String prefix =
        digits.length() > 2 ? digits.substring(0, 2).toLowerCase(java.util.Locale.ROOT) : "";
    long named = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
    if (named != 0 && (base == named || base == 0)) {
      digits = digits.substring(2);
      radix = named;
    } else if (base == 0) {
      radix = 10;
    }
    if (radix < 2 || radix > 36 || !isJoined(digits) || digits.length() > LONGEST) {
      return null;
    }
    digits = digits.replace("_", "");
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) > 127 || Character.digit(digits.charAt(i), (int) radix) < 0) {
        return null;
      }
    }
    try {
      return digits.isEmpty() ? null : Long.valueOf((negative ? "-" : "") + digits, (int) radix);
    } catch (NumberFormatException e) {
      throw new TemplateException(
          TemplateException.Kind.OVERFLOW,
          "whole number " + Printer.shorten(digits) + " is beyond 64 bits");
    }
  }

  static Double number(String text) {
    String digits = PythonText.strip(text);
    String plain = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
    switch (plain.toLowerCase(java.util.Locale.ROOT)) {
      case "inf", "infinity" -> {
        return digits.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      }
      case "nan" -> {
        return Double.NaN;
      }
      default -> {
        // digits
      }
    }
    if (plain.isEmpty() || digits.length() > LONGEST || !isJoined(plain)) {
      return null;
    }
    for (int i = 0; i < plain.length(); i++) {
      if ("0123456789.eE+-_".indexOf(plain.charAt(i)) < 0) {
        return null;
      }
    }
    try {
      return Double.valueOf(digits.replace("_", ""));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Whether each underscore stands between two digits. */
  private static boolean isJoined(String digits) {
    for (int i = 0; i < digits.length(); i++) {
      boolean between =
          i > 0
              && i + 1 < digits.length()
              && Character.isLetterOrDigit(digits.charAt(i - 1))
              && Character.isLetterOrDigit(digits.charAt(i + 1));
      if (digits.charAt(i) == '_' && !between) {
        return false;
      }
    }
    return true;
  }
}
