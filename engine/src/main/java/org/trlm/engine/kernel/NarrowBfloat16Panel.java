package org.trlm.engine.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops of the matrix product on vectors of 128 or 256 bits: a slice of a bfloat16 panel,
 * outputs o … and o + 16 …, is two vectors a and b, widened from one vector of pairs. Six tokens
 * make 12 accumulators, which with two weights and a broadcast fit the 16 registers of AVX2; two
 * and one take what is left of a batch.
 *
 * <p>Accumulators are stored where they were summed: handed to a helper method, they would be boxed
 * in every step of the loop by the compiler of JDK 17, at a tenth of the speed.
 */
final class NarrowBfloat16Panel {

  private static final VectorSpecies<Float> FLOATS = VectorShape.FLOATS;
  private static final VectorSpecies<Integer> INTS = VectorShape.INTS;
  private static final int HIGH_HALF = 0xffff0000;

  /** Array elements from one k to the next. */
  private static final int STEP = PanelMatrix.PAIRS_PER_STEP;

  /** The next panel is touched in the slice that is in use of this one. */
  private static final int TOUCH_STEP = STEP;

  /** Tokens of the main kernel. */
  private static final int TOKEN_BLOCK = 6;

  private NarrowBfloat16Panel() {}

  /**
   * Products of {@code tokens} rows of {@code x} with a slice of the panel at {@code pairsAt}, rows
   * {@code xStride} and {@code outStride} apart.
   *
   * @param next where the panel that is needed next begins, to be touched so that it is on its way
   * @return what was touched, to be kept alive by the caller
   */
  static int multiply(
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      int[] pairs,
      int pairsAt,
      int numCols,
      int next,
      float[] out,
      int outAt,
      int outStride) {
    int touched = 0;
    int token = 0;
    for (; token + TOKEN_BLOCK <= tokens; token += TOKEN_BLOCK) {
      int ahead = next;
      int xRow = xAt + token * xStride;
      int outRow = outAt + token * outStride;
      touched +=
          sixTokens(x, xRow, xStride, pairs, pairsAt, numCols, ahead, out, outRow, outStride);
    }
    for (; token + 2 <= tokens; token += 2) {
      int xRow = xAt + token * xStride;
      int outRow = outAt + token * outStride;
      twoTokens(x, xRow, xStride, pairs, pairsAt, numCols, out, outRow, outStride);
    }
    if (token < tokens) {
      oneToken(x, xAt + token * xStride, pairs, pairsAt, numCols, out, outAt + token * outStride);
    }
    return touched;
  }

  private static int sixTokens(
      float[] x,
      int xAt,
      int xStride,
      int[] pairs,
      int pairsAt,
      int numCols,
      int ahead,
      float[] out,
      int outAt,
      int outStride) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum2a = FloatVector.zero(FLOATS);
    FloatVector sum2b = FloatVector.zero(FLOATS);
    FloatVector sum3a = FloatVector.zero(FLOATS);
    FloatVector sum3b = FloatVector.zero(FLOATS);
    FloatVector sum4a = FloatVector.zero(FLOATS);
    FloatVector sum4b = FloatVector.zero(FLOATS);
    FloatVector sum5a = FloatVector.zero(FLOATS);
    FloatVector sum5b = FloatVector.zero(FLOATS);
    int touched = 0;
    for (int k = 0; k < numCols; k++) {
      touched += pairs[ahead + k * TOUCH_STEP];
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + xStride + k]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[xAt + 2 * xStride + k]);
      sum2a = x2.fma(a, sum2a);
      sum2b = x2.fma(b, sum2b);
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[xAt + 3 * xStride + k]);
      sum3a = x3.fma(a, sum3a);
      sum3b = x3.fma(b, sum3b);
      FloatVector x4 = FloatVector.broadcast(FLOATS, x[xAt + 4 * xStride + k]);
      sum4a = x4.fma(a, sum4a);
      sum4b = x4.fma(b, sum4b);
      FloatVector x5 = FloatVector.broadcast(FLOATS, x[xAt + 5 * xStride + k]);
      sum5a = x5.fma(a, sum5a);
      sum5b = x5.fma(b, sum5b);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + 16);
    sum2a.intoArray(out, outAt + 2 * outStride);
    sum2b.intoArray(out, outAt + 2 * outStride + 16);
    sum3a.intoArray(out, outAt + 3 * outStride);
    sum3b.intoArray(out, outAt + 3 * outStride + 16);
    sum4a.intoArray(out, outAt + 4 * outStride);
    sum4b.intoArray(out, outAt + 4 * outStride + 16);
    sum5a.intoArray(out, outAt + 5 * outStride);
    sum5b.intoArray(out, outAt + 5 * outStride + 16);
    return touched;
  }

  private static void twoTokens(
      float[] x,
      int xAt,
      int xStride,
      int[] pairs,
      int pairsAt,
      int numCols,
      float[] out,
      int outAt,
      int outStride) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + xStride + k]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + 16);
  }

  private static void oneToken(
      float[] x, int xAt, int[] pairs, int pairsAt, int numCols, float[] out, int outAt) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
  }
}
