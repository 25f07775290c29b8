package org.trlm.engine.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops of the matrix product on 512-bit vectors: a bfloat16 panel of 64 outputs is four
 * vectors a, b, c, d widened from two vectors of pairs. Six tokens make 24 accumulators, which with
 * four weights and a broadcast fill the 32 registers and hide the latency of the multiply-adds;
 * four, two and one take what is left of a batch.
 *
 * <p>Accumulators are stored where they were summed: handed to a helper method, they would be boxed
 * in every step of the loop by the compiler of JDK 17, at a tenth of the speed.
 */
final class WideBfloat16Panel {

  private static final VectorSpecies<Float> FLOATS = VectorShape.FLOATS;
  private static final VectorSpecies<Integer> INTS = VectorShape.INTS;
  private static final int HIGH_HALF = 0xffff0000;

  /** Array elements from one k to the next. */
  private static final int STEP = Kernels.PANEL_OUTPUTS / 2;

  /** Array elements of a cache line: how far apart the next panel is touched. */
  private static final int TOUCH_STEP = 16;

  /** Tokens of the main kernel. */
  private static final int TOKEN_BLOCK = 6;

  private WideBfloat16Panel() {}

  /**
   * Products of {@code tokens} rows of {@code x} with the panel at {@code pairsAt}, rows {@code
   * xStride} and {@code outStride} apart.
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
      // a block touches one line a step, half a panel: two blocks touch all of it
      int ahead = next + token / TOKEN_BLOCK % 2 * numCols * TOUCH_STEP;
      int xRow = xAt + token * xStride;
      int outRow = outAt + token * outStride;
      touched +=
          sixTokens(x, xRow, xStride, pairs, pairsAt, numCols, ahead, out, outRow, outStride);
    }
    if (token + 4 <= tokens) {
      int xRow = xAt + token * xStride;
      int outRow = outAt + token * outStride;
      fourTokens(x, xRow, xStride, pairs, pairsAt, numCols, out, outRow, outStride);
      token += 4;
    }
    if (token + 2 <= tokens) {
      int xRow = xAt + token * xStride;
      int outRow = outAt + token * outStride;
      twoTokens(x, xRow, xStride, pairs, pairsAt, numCols, out, outRow, outStride);
      token += 2;
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
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum1c = FloatVector.zero(FLOATS);
    FloatVector sum1d = FloatVector.zero(FLOATS);
    FloatVector sum2a = FloatVector.zero(FLOATS);
    FloatVector sum2b = FloatVector.zero(FLOATS);
    FloatVector sum2c = FloatVector.zero(FLOATS);
    FloatVector sum2d = FloatVector.zero(FLOATS);
    FloatVector sum3a = FloatVector.zero(FLOATS);
    FloatVector sum3b = FloatVector.zero(FLOATS);
    FloatVector sum3c = FloatVector.zero(FLOATS);
    FloatVector sum3d = FloatVector.zero(FLOATS);
    FloatVector sum4a = FloatVector.zero(FLOATS);
    FloatVector sum4b = FloatVector.zero(FLOATS);
    FloatVector sum4c = FloatVector.zero(FLOATS);
    FloatVector sum4d = FloatVector.zero(FLOATS);
    FloatVector sum5a = FloatVector.zero(FLOATS);
    FloatVector sum5b = FloatVector.zero(FLOATS);
    FloatVector sum5c = FloatVector.zero(FLOATS);
    FloatVector sum5d = FloatVector.zero(FLOATS);
    int touched = 0;
    for (int k = 0; k < numCols; k++) {
      touched += pairs[ahead + k * TOUCH_STEP];
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      IntVector pair1 = IntVector.fromArray(INTS, pairs, step + 16);
      FloatVector c = pair1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector d = pair1.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      sum0c = x0.fma(c, sum0c);
      sum0d = x0.fma(d, sum0d);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + xStride + k]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      sum1c = x1.fma(c, sum1c);
      sum1d = x1.fma(d, sum1d);
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[xAt + 2 * xStride + k]);
      sum2a = x2.fma(a, sum2a);
      sum2b = x2.fma(b, sum2b);
      sum2c = x2.fma(c, sum2c);
      sum2d = x2.fma(d, sum2d);
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[xAt + 3 * xStride + k]);
      sum3a = x3.fma(a, sum3a);
      sum3b = x3.fma(b, sum3b);
      sum3c = x3.fma(c, sum3c);
      sum3d = x3.fma(d, sum3d);
      FloatVector x4 = FloatVector.broadcast(FLOATS, x[xAt + 4 * xStride + k]);
      sum4a = x4.fma(a, sum4a);
      sum4b = x4.fma(b, sum4b);
      sum4c = x4.fma(c, sum4c);
      sum4d = x4.fma(d, sum4d);
      FloatVector x5 = FloatVector.broadcast(FLOATS, x[xAt + 5 * xStride + k]);
      sum5a = x5.fma(a, sum5a);
      sum5b = x5.fma(b, sum5b);
      sum5c = x5.fma(c, sum5c);
      sum5d = x5.fma(d, sum5d);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
    sum0c.intoArray(out, outAt + 32);
    sum0d.intoArray(out, outAt + 48);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + 16);
    sum1c.intoArray(out, outAt + outStride + 32);
    sum1d.intoArray(out, outAt + outStride + 48);
    sum2a.intoArray(out, outAt + 2 * outStride);
    sum2b.intoArray(out, outAt + 2 * outStride + 16);
    sum2c.intoArray(out, outAt + 2 * outStride + 32);
    sum2d.intoArray(out, outAt + 2 * outStride + 48);
    sum3a.intoArray(out, outAt + 3 * outStride);
    sum3b.intoArray(out, outAt + 3 * outStride + 16);
    sum3c.intoArray(out, outAt + 3 * outStride + 32);
    sum3d.intoArray(out, outAt + 3 * outStride + 48);
    sum4a.intoArray(out, outAt + 4 * outStride);
    sum4b.intoArray(out, outAt + 4 * outStride + 16);
    sum4c.intoArray(out, outAt + 4 * outStride + 32);
    sum4d.intoArray(out, outAt + 4 * outStride + 48);
    sum5a.intoArray(out, outAt + 5 * outStride);
    sum5b.intoArray(out, outAt + 5 * outStride + 16);
    sum5c.intoArray(out, outAt + 5 * outStride + 32);
    sum5d.intoArray(out, outAt + 5 * outStride + 48);
    return touched;
  }

  private static void fourTokens(
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
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum1c = FloatVector.zero(FLOATS);
    FloatVector sum1d = FloatVector.zero(FLOATS);
    FloatVector sum2a = FloatVector.zero(FLOATS);
    FloatVector sum2b = FloatVector.zero(FLOATS);
    FloatVector sum2c = FloatVector.zero(FLOATS);
    FloatVector sum2d = FloatVector.zero(FLOATS);
    FloatVector sum3a = FloatVector.zero(FLOATS);
    FloatVector sum3b = FloatVector.zero(FLOATS);
    FloatVector sum3c = FloatVector.zero(FLOATS);
    FloatVector sum3d = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      IntVector pair1 = IntVector.fromArray(INTS, pairs, step + 16);
      FloatVector c = pair1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector d = pair1.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      sum0c = x0.fma(c, sum0c);
      sum0d = x0.fma(d, sum0d);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + xStride + k]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      sum1c = x1.fma(c, sum1c);
      sum1d = x1.fma(d, sum1d);
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[xAt + 2 * xStride + k]);
      sum2a = x2.fma(a, sum2a);
      sum2b = x2.fma(b, sum2b);
      sum2c = x2.fma(c, sum2c);
      sum2d = x2.fma(d, sum2d);
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[xAt + 3 * xStride + k]);
      sum3a = x3.fma(a, sum3a);
      sum3b = x3.fma(b, sum3b);
      sum3c = x3.fma(c, sum3c);
      sum3d = x3.fma(d, sum3d);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
    sum0c.intoArray(out, outAt + 32);
    sum0d.intoArray(out, outAt + 48);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + 16);
    sum1c.intoArray(out, outAt + outStride + 32);
    sum1d.intoArray(out, outAt + outStride + 48);
    sum2a.intoArray(out, outAt + 2 * outStride);
    sum2b.intoArray(out, outAt + 2 * outStride + 16);
    sum2c.intoArray(out, outAt + 2 * outStride + 32);
    sum2d.intoArray(out, outAt + 2 * outStride + 48);
    sum3a.intoArray(out, outAt + 3 * outStride);
    sum3b.intoArray(out, outAt + 3 * outStride + 16);
    sum3c.intoArray(out, outAt + 3 * outStride + 32);
    sum3d.intoArray(out, outAt + 3 * outStride + 48);
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
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum1c = FloatVector.zero(FLOATS);
    FloatVector sum1d = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      IntVector pair1 = IntVector.fromArray(INTS, pairs, step + 16);
      FloatVector c = pair1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector d = pair1.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      sum0c = x0.fma(c, sum0c);
      sum0d = x0.fma(d, sum0d);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[xAt + xStride + k]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      sum1c = x1.fma(c, sum1c);
      sum1d = x1.fma(d, sum1d);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
    sum0c.intoArray(out, outAt + 32);
    sum0d.intoArray(out, outAt + 48);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + 16);
    sum1c.intoArray(out, outAt + outStride + 32);
    sum1d.intoArray(out, outAt + outStride + 48);
  }

  private static void oneToken(
      float[] x, int xAt, int[] pairs, int pairsAt, int numCols, float[] out, int outAt) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = pairsAt + k * STEP;
      IntVector pair0 = IntVector.fromArray(INTS, pairs, step);
      FloatVector a = pair0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pair0.and(HIGH_HALF).reinterpretAsFloats();
      IntVector pair1 = IntVector.fromArray(INTS, pairs, step + 16);
      FloatVector c = pair1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector d = pair1.and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      sum0c = x0.fma(c, sum0c);
      sum0d = x0.fma(d, sum0d);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + 16);
    sum0c.intoArray(out, outAt + 32);
    sum0d.intoArray(out, outAt + 48);
  }
}
