package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Operations whose outputs depend on one position of their inputs: the lanes run over positions,
 * the tail is the scalar definition.
 */
final class VectorElementwise {

  private VectorElementwise() {}

  static void add(float[] x, int xOffset, float[] y, int yOffset, int n) {
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      FloatVector sum =
          FloatVector.fromArray(FLOATS, x, xOffset + i)
              .add(FloatVector.fromArray(FLOATS, y, yOffset + i));
      sum.intoArray(x, xOffset + i);
    }
    for (; i < n; i++) {
      x[xOffset + i] += y[yOffset + i];
    }
  }

  /** {@code out = x * factor * weight}, the last step of the norm. */
  static void scaleByWeight(
      float[] x, int xOffset, float factor, float[] weight, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      FloatVector.fromArray(FLOATS, x, xOffset + i)
          .mul(factor)
          .mul(FloatVector.fromArray(FLOATS, weight, i))
          .intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      out[outOffset + i] = x[xOffset + i] * factor * weight[i];
    }
  }

  static void siluMultiply(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      FloatVector g = FloatVector.fromArray(FLOATS, gate, gateOffset + i);
      FloatVector e = exp(g.abs().neg());
      VectorMask<Float> positive = g.compare(VectorOperators.GE, 0f);
      FloatVector silu = g.mul(e.blend(one, positive).div(e.add(one)));
      silu.mul(FloatVector.fromArray(FLOATS, up, upOffset + i)).intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      out[outOffset + i] = Exponential.silu(gate[gateOffset + i]) * up[upOffset + i];
    }
  }

  static void rotate(float[] x, int xOffset, float[] cos, float[] sin, int tableOffset, int half) {
    int i = 0;
    for (; i + LANES <= half; i += LANES) {
      FloatVector first = FloatVector.fromArray(FLOATS, x, xOffset + i);
      FloatVector second = FloatVector.fromArray(FLOATS, x, xOffset + half + i);
      FloatVector c = FloatVector.fromArray(FLOATS, cos, tableOffset + i);
      FloatVector s = FloatVector.fromArray(FLOATS, sin, tableOffset + i);
      first.mul(c).sub(second.mul(s)).intoArray(x, xOffset + i);
      second.mul(c).add(first.mul(s)).intoArray(x, xOffset + half + i);
    }
    for (; i < half; i++) {
      float first = x[xOffset + i];
      float second = x[xOffset + half + i];
      x[xOffset + i] = first * cos[tableOffset + i] - second * sin[tableOffset + i];
      x[xOffset + half + i] = second * cos[tableOffset + i] + first * sin[tableOffset + i];
    }
  }

  static void softmaxNumerators(
      float[] x, int xOffset, float max, float scale, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      exp(FloatVector.fromArray(FLOATS, x, xOffset + i).sub(max).mul(scale))
          .intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      out[outOffset + i] = Exponential.exp((x[xOffset + i] - max) * scale);
    }
  }

  /** {@link Exponential#exp} in every lane, step for step. */
  static FloatVector exp(FloatVector x) {
    return expUpToHighest(x.min(Exponential.HIGHEST));
  }

  /** {@link #exp} of arguments of which none is above {@link Exponential#HIGHEST}. */
  static FloatVector expUpToHighest(FloatVector x) {
    VectorMask<Float> vanishes = x.compare(VectorOperators.LT, Exponential.LOWEST);
    FloatVector shifted = x.fma(constant(Exponential.LOG2_E), constant(Exponential.ROUNDING));
    FloatVector n = shifted.sub(Exponential.ROUNDING);
    FloatVector r = n.fma(constant(-Exponential.LN2_HIGH), x);
    r = n.fma(constant(-Exponential.LN2_LOW), r);
    FloatVector p = constant(Exponential.C7).fma(r, constant(Exponential.C6));
    p = p.fma(r, constant(Exponential.C5));
    p = p.fma(r, constant(Exponential.C4));
    p = p.fma(r, constant(Exponential.C3));
    p = p.fma(r, constant(Exponential.C2));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector exponent =
        shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Exponential.MANTISSA_BITS);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats().blend(0f, vanishes);
  }

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  /** Two vectors of values become one of pairs: low halves, then high halves. */
  static void roundToBfloat16(float[] x, int xOffset, int n, int[] pairs, int pairsOffset) {
    int half = (n + 1) / 2;
    int i = 0;
    for (; half + i + LANES <= n; i += LANES) {
      IntVector low = rounded(FloatVector.fromArray(FLOATS, x, xOffset + i));
      IntVector high = rounded(FloatVector.fromArray(FLOATS, x, xOffset + half + i));
      low.lanewise(VectorOperators.LSHR, 16)
          .or(high.and(0xffff0000))
          .intoArray(pairs, pairsOffset + i);
    }
    ScalarKernels.roundPairs(x, xOffset, n, pairs, pairsOffset, i);
  }

  /** The nearest bfloat16, ties to even, in the upper 16 bits. */
  private static IntVector rounded(FloatVector values) {
    IntVector bits = values.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    return bits.add(0x7fff).add(odd);
  }
}
