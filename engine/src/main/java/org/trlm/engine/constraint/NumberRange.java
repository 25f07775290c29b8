package org.trlm.engine.constraint;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Numbers between two bounds, as decimal digits without leading zeros, exponent or minus zero.
 *
 * @param least null when there is none
 * @param aboveLeast whether {@code least} itself is out
 * @param most null when there is none
 * @param belowMost whether {@code most} itself is out
 */
record NumberRange(BigDecimal least, boolean aboveLeast, BigDecimal most, boolean belowMost) {
  /** Digits before the point where no bound says more: exact in 64-bit integers and doubles. */
  private static final int DIGITS = 15;

  /** Digits behind the point. */
  private static final int DECIMALS = 12;

  private static final Language DIGIT = RegexClasses.DIGIT;
  private static final Language MINUS = Language.text("-");
  private static final Language POINT = Language.text(".");

  /** Whole numbers of the range. */
  Language integers() {
    BigInteger limit = limit();
    BigInteger first = limit.negate();
    if (least != null) {
      first = least.setScale(0, RoundingMode.CEILING).toBigInteger();
      boolean out = aboveLeast && least.compareTo(new BigDecimal(first)) == 0;
      first = out ? first.add(BigInteger.ONE) : first;
    }
    BigInteger last = limit;
    if (most != null) {
      last = most.setScale(0, RoundingMode.FLOOR).toBigInteger();
      boolean out = belowMost && most.compareTo(new BigDecimal(last)) == 0;
      last = out ? last.subtract(BigInteger.ONE) : last;
    }
    BigInteger lastNegative = last.min(BigInteger.ONE.negate());
    return Language.anyOf(
        wholeNumbers(first.max(BigInteger.ZERO), last),
        Language.sequence(MINUS, wholeNumbers(lastNegative.negate(), first.negate())));
  }

  /**
   * Numbers of the range with decimals, or all numbers, with an exponent, where it is unbounded.
   */
  Language numbers() {
    if (least == null && most == null) {
      return UNBOUNDED;
    }
    BigDecimal limit = new BigDecimal(limit());
    BigDecimal first = least == null ? limit.negate() : least;
    BigDecimal last = most == null ? limit : most;
    List<Language> parts = new ArrayList<>();
    if (last.signum() >= 0) {
      boolean positive = first.signum() > 0;
      boolean aboveFirst = first.signum() >= 0 && aboveLeast;
      BigDecimal from = positive ? first : BigDecimal.ZERO;
      parts.add(new Decimals(from, aboveFirst, last, belowMost).language());
    }
    if (first.signum() < 0) {
      boolean negative = last.signum() < 0;
      BigDecimal from = negative ? last.negate() : BigDecimal.ZERO;
      Decimals opposite = new Decimals(from, !negative || belowMost, first.negate(), aboveLeast);
      parts.add(Language.sequence(MINUS, opposite.language()));
    }
    return parts.isEmpty() ? Language.NOTHING : Language.anyOf(parts);
  }

  private static final Language UNBOUNDED = unbounded();

  private static Language unbounded() {
    Language whole =
        Language.anyOf(
            Language.text("0"),
            Language.sequence(CodePoints.of('1', '9'), DIGIT.repeated(0, DIGITS - 1)));
    Language fraction = Language.sequence(POINT, DIGIT.repeated(1, DIGITS));
    Language exponent =
        Language.sequence(
            CodePoints.ofCharacters("eE"),
            CodePoints.ofCharacters("+-").optional(),
            DIGIT.repeated(1, 2));
    return Language.sequence(MINUS.optional(), whole, fraction.optional(), exponent.optional());
  }

  /** The largest number where there is no bound, far enough from the bound there is. */
  private BigInteger limit() {
    int digits = DIGITS;
    for (BigDecimal bound : new BigDecimal[] {least, most}) {
      if (bound != null) {
        digits = Math.max(digits, bound.precision() - bound.scale() + 1);
      }
    }
    return BigInteger.TEN.pow(digits).subtract(BigInteger.ONE);
  }

  /** The digits of the whole numbers from one to another, neither negative. */
  private static Language wholeNumbers(BigInteger first, BigInteger last) {
    List<Language> lengths = new ArrayList<>();
    BigInteger from = first;
    while (from.compareTo(last) <= 0) {
      String low = from.toString();
      BigInteger end = BigInteger.TEN.pow(low.length()).subtract(BigInteger.ONE).min(last);
      lengths.add(sameLength(low, end.toString(), 0, true, true));
      from = end.add(BigInteger.ONE);
    }
    return lengths.isEmpty() ? Language.NOTHING : Language.anyOf(lengths);
  }

  /** The digits from position {@code at} on, of numbers of one length. */
  private static Language sameLength(
      String low, String high, int at, boolean onLow, boolean onHigh) {
    int left = low.length() - at;
    if (left == 0) {
      return Language.EMPTY_STRING;
    }
    if (!onLow && !onHigh) {
      return DIGIT.repeated(left, left);
    }
    int from = onLow ? low.charAt(at) : '0';
    int to = onHigh ? high.charAt(at) : '9';
    List<Language> digits = new ArrayList<>();
    for (int digit = from; digit <= to; digit++) {
      boolean stillLow = onLow && digit == from;
      boolean stillHigh = onHigh && digit == to;
      int last = stillLow || stillHigh ? digit : lastFree(to, onHigh);
      digits.add(
          Language.sequence(
              CodePoints.of(digit, last), sameLength(low, high, at + 1, stillLow, stillHigh)));
      digit = last;
    }
    return Language.anyOf(digits);
  }

  /** The last digit of a run that touches no bound. */
  private static int lastFree(int to, boolean onHigh) {
    return onHigh ? to - 1 : to;
  }

  /** Numbers that are not negative, with up to some decimals. */
  private record Decimals(
      BigDecimal least, boolean aboveLeast, BigDecimal most, boolean belowMost) {

    Language language() {
      if (least.compareTo(most) > 0) {
        return Language.NOTHING;
      }
      BigInteger first = least.toBigInteger();
      BigInteger last = most.toBigInteger();
      String low = decimals(least);
      String high = decimals(most);
      int places = Math.max(DECIMALS, Math.max(low.length(), high.length()) + 2);
      if (first.equals(last)) {
        return Language.sequence(
            Language.text(first.toString()), fraction(low, high, places, true, true));
      }
      return Language.anyOf(
          Language.sequence(
              Language.text(first.toString()), fraction(low, high, places, true, false)),
          Language.sequence(
              wholeNumbers(first.add(BigInteger.ONE), last.subtract(BigInteger.ONE)),
              fraction(low, high, places, false, false)),
          Language.sequence(
              Language.text(last.toString()), fraction(low, high, places, false, true)));
    }

    private static String decimals(BigDecimal bound) {
      String plain = bound.stripTrailingZeros().toPlainString();
      int point = plain.indexOf('.');
      return point < 0 ? "" : plain.substring(point + 1);
    }

    /** Nothing, or the point and decimals. */
    private Language fraction(String low, String high, int places, boolean onLow, boolean onHigh) {
      List<Language> options = new ArrayList<>();
      if (mayEnd(low, high, 0, onLow, onHigh)) {
        options.add(Language.EMPTY_STRING);
      }
      options.add(Language.sequence(POINT, nextDecimals(low, high, 0, places, onLow, onHigh)));
      return Language.anyOf(options);
    }

    /** One more decimal at least. */
    private Language nextDecimals(
        String low, String high, int at, int places, boolean onLow, boolean onHigh) {
      if (at == places) {
        return Language.NOTHING;
      }
      if (!onLow && !onHigh) {
        return DIGIT.repeated(1, places - at);
      }
      List<Language> options = new ArrayList<>();
      int from = onLow ? digit(low, at) : '0';
      int to = onHigh ? digit(high, at) : '9';
      for (int digit = from; digit <= to; digit++) {
        boolean stillLow = onLow && digit == from;
        boolean stillHigh = onHigh && digit == to;
        int last = stillLow || stillHigh ? digit : lastFree(to, onHigh);
        List<Language> rests = new ArrayList<>();
        if (mayEnd(low, high, at + 1, stillLow, stillHigh)) {
          rests.add(Language.EMPTY_STRING);
        }
        rests.add(nextDecimals(low, high, at + 1, places, stillLow, stillHigh));
        options.add(Language.sequence(CodePoints.of(digit, last), Language.anyOf(rests)));
        digit = last;
      }
      return options.isEmpty() ? Language.NOTHING : Language.anyOf(options);
    }

    private static int digit(String decimals, int at) {
      return at < decimals.length() ? decimals.charAt(at) : '0';
    }

    /** Whether the number may end before position {@code at}: nothing but zeros would follow. */
    private boolean mayEnd(String low, String high, int at, boolean onLow, boolean onHigh) {
      boolean reachesLow = !onLow || (at >= low.length() && !aboveLeast);
      boolean staysBelow = !onHigh || at < high.length() || !belowMost;
      return reachesLow && staysBelow;
    }
  }
}
