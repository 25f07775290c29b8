package org.trlm.tokenizer.chat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.trlm.tokenizer.chat.TemplateException.Kind;

/**
 * How one value is laid out in formatted text.
 *
 * @param fill character that fills up to the width
 * @param align one of {@code < > ^ =}, or 0 for that of the value's type
 * @param sign {@code + - } or space
 * @param grouping {@code ,} or {@code _} between thousands, or 0
 * @param precision digits, or -1
 * @param type the conversion, or 0
 */
record FieldSpec(
    String fill,
    char align,
    char sign,
    boolean alternate,
    long width,
    char grouping,
    int precision,
    char type) {
  private static final int MAX_PRECISION = 500;

  FieldSpec {
    if (precision > MAX_PRECISION && type != 's' && type != 0) {
      throw new TemplateException(
          Kind.UNSUPPORTED, "a precision beyond " + MAX_PRECISION + " digits is not supported");
    }
  }

  void writeText(MarkedString text, MarkedString.Builder out) {
    int end =
        precision >= 0 && precision < text.codePoints() ? text.indexOf(precision) : text.length();
    long padding = width - text.text().codePointCount(0, end);
    long left = align == '>' ? padding : align == '^' ? padding / 2 : 0;
    MarkedString filler = MarkedString.trusted(fill);
    out.repeat(filler, left).append(text, 0, end).repeat(filler, padding - Math.max(0, left));
  }

  void writeNumber(Object value, MarkedString.Builder out) {
    boolean whole = Operators.isWhole(value);
    boolean negative =
        whole
            ? Operators.whole(value) < 0
            : Operators.number(value) < 0 || 1 / Operators.number(value) < 0;
    String digits =
        whole && "fFeEgG%".indexOf(type) < 0
            ? wholeDigits(Operators.whole(value))
            : floatDigits(Operators.number(value));
    String signText = negative ? "-" : sign == '+' || sign == ' ' ? String.valueOf(sign) : "";
    long padding = Math.max(0, width - digits.length() - signText.length());
    MarkedString filler = MarkedString.trusted(fill);
    long left = align == '<' || align == '=' ? 0 : align == '^' ? padding / 2 : padding;
    out.repeat(filler, left).append(signText);
    out.repeat(filler, align == '=' ? padding : 0).append(digits);
    out.repeat(filler, align == '=' ? 0 : padding - left);
  }

  private String wholeDigits(long value) {
    if (value == Long.MIN_VALUE) {
      throw new TemplateException(Kind.OVERFLOW, "formatting this number leaves 64 bits");
    }
    long size = Math.abs(value);
    return switch (type) {
      case 0, 'd', 'i', 'u', 'n' -> grouped(Long.toString(size));
      case 'x' -> (alternate ? "0x" : "") + Long.toHexString(size);
      case 'X' ->
          (alternate ? "0X" : "") + Long.toHexString(size).toUpperCase(java.util.Locale.ROOT);
      case 'o' -> (alternate ? "0o" : "") + Long.toOctalString(size);
      case 'b' -> (alternate ? "0b" : "") + Long.toBinaryString(size);
      case 'c' -> new String(Character.toChars((int) Math.min(size, 0x10ffff)));
      default -> throw unknown("int");
    };
  }

  private String floatDigits(double value) {
    double size = Math.abs(value);
    if (Double.isNaN(size) || Double.isInfinite(size)) {
      return Double.isNaN(size) ? "nan" : "inf";
    }
    return switch (type) {
      case 'f', 'F' -> grouped(fixed(size, precision < 0 ? 6 : precision));
      case '%' -> grouped(fixed(size * 100, precision < 0 ? 6 : precision)) + "%";
      case 'e', 'E' -> exponent(size);
      case 0 -> precision < 0 ? grouped(Printer.number(size)) : unsupportedGeneral();
      default -> "gG".indexOf(type) >= 0 ? unsupportedGeneral() : unknownFloat();
    };
  }

  private String unsupportedGeneral() {
    throw new TemplateException(Kind.UNSUPPORTED, "the format 'g' of floats is not supported");
  }

  private String unknownFloat() {
    throw unknown("float");
  }

  private TemplateException unknown(String valueType) {
    return new TemplateException(
        Kind.VALUE, "Unknown format code '" + type + "' for object of type '" + valueType + "'");
  }

  private static String fixed(double value, int digits) {
    return new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  private String exponent(double value) {
    int digits = precision < 0 ? 6 : precision;
    if (value == 0) {
      return fixed(0, digits) + type + "+00";
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new java.math.MathContext(digits + 1, RoundingMode.HALF_EVEN));
    int power = rounded.precision() - rounded.scale() - 1;
    String mantissa =
        rounded.movePointLeft(power).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    return mantissa + type + (power < 0 ? "-" : "+") + String.format("%02d", Math.abs(power));
  }

  private String grouped(String digits) {
    if (grouping == 0) {
      return digits;
    }
    int point = digits.indexOf('.') < 0 ? digits.length() : digits.indexOf('.');
    StringBuilder text = new StringBuilder(digits);
    for (int i = point - 3; i > 0; i -= 3) {
      text.insert(i, grouping);
    }
    return text.toString();
  }
}
