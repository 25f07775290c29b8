package org.trlm.engine.kernel;

/**
 * The constants and the scalar definition of {@link Kernels#exp}: x = n ln 2 + r, a polynomial for
 * e^r on |r| ≤ ln 2 / 2 (coefficients of Cephes {@code expf}, S. Moshier), and 2^n by adding n to
 * the exponent bits.
 */
final class Exponential {

  /** Below this the result is exactly 0. */
  static final float LOWEST = -60f;

  /** Above this the argument is taken as this. */
  static final float HIGHEST = 88f;

  static final float LOG2_E = 1.44269504f;

  /** Adding 1.5 · 2^23 rounds to an integer and leaves that integer in the low mantissa bits. */
  static final float ROUNDING = 12582912f;

  /** ln 2 in two parts; the first has few enough bits that n times it is exact. */
  static final float LN2_HIGH = 0.693359375f;

  static final float LN2_LOW = -2.12194440e-4f;

  static final float C7 = 1.9875691500e-4f;
  static final float C6 = 1.3981999507e-3f;
  static final float C5 = 8.3334519073e-3f;
  static final float C4 = 4.1665795894e-2f;
  static final float C3 = 1.6666665459e-1f;
  static final float C2 = 5.0000001201e-1f;

  static final int MANTISSA_BITS = 23;

  private Exponential() {}

  static float exp(float x) {
    if (x < LOWEST) {
      return 0f;
    }
    float clamped = Math.min(x, HIGHEST);
    float shifted = Math.fma(clamped, LOG2_E, ROUNDING);
    float n = shifted - ROUNDING;
    float r = Math.fma(n, -LN2_HIGH, clamped);
    r = Math.fma(n, -LN2_LOW, r);
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r * r, r) + 1f;
    int exponent = Float.floatToRawIntBits(shifted) << MANTISSA_BITS;
    return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
  }

  /** silu(g) = g / (1 + e^-g), by e^-|g| so that nothing overflows. */
  static float silu(float g) {
    float e = exp(-Math.abs(g));
    float numerator = g >= 0f ? 1f : e;
    return g * (numerator / (1f + e));
  }
}
