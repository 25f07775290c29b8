package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.INTS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Inner loops of the matrix product of up to six tokens with bfloat16 weights on vectors of 128 or
 * 256 bits; see {@link FewTokensFloat32}. Twelve accumulators leave no registers for both halves of
 * the pairs and the mask: five or six tokens take the low halves of two tiles and then, when the
 * tiles are in the cache, the high halves.
 */
final class FewTokensBfloat16 {

  private static final int HIGH_HALF = 0xffff0000;

  /** Array elements from one k of a tile to the next. */
  private static final int TILE_STEP = LANES;

  private FewTokensBfloat16() {}

  /**
   * Products of one token with four tiles, which follow one another from {@code tileAt} on, as do
   * their outputs from {@code outAt} on.
   */
  static void oneToken(
      float[] x, int xAt, int[] tiles, int tileAt, int numCols, float[] out, int outAt) {
    int tile1 = tileAt + numCols * TILE_STEP;
    int tile2 = tile1 + numCols * TILE_STEP;
    int tile3 = tile2 + numCols * TILE_STEP;
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum2a = FloatVector.zero(FLOATS);
    FloatVector sum2b = FloatVector.zero(FLOATS);
    FloatVector sum3a = FloatVector.zero(FLOATS);
    FloatVector sum3b = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = k * TILE_STEP;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      IntVector pairs0 = IntVector.fromArray(INTS, tiles, tileAt + step);
      sum0a = x0.fma(pairs0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum0a);
      sum0b = x0.fma(pairs0.and(HIGH_HALF).reinterpretAsFloats(), sum0b);
      IntVector pairs1 = IntVector.fromArray(INTS, tiles, tile1 + step);
      sum1a = x0.fma(pairs1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum1a);
      sum1b = x0.fma(pairs1.and(HIGH_HALF).reinterpretAsFloats(), sum1b);
      IntVector pairs2 = IntVector.fromArray(INTS, tiles, tile2 + step);
      sum2a = x0.fma(pairs2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum2a);
      sum2b = x0.fma(pairs2.and(HIGH_HALF).reinterpretAsFloats(), sum2b);
      IntVector pairs3 = IntVector.fromArray(INTS, tiles, tile3 + step);
      sum3a = x0.fma(pairs3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum3a);
      sum3b = x0.fma(pairs3.and(HIGH_HALF).reinterpretAsFloats(), sum3b);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum1a.intoArray(out, outAt + 2 * LANES);
    sum1b.intoArray(out, outAt + 3 * LANES);
    sum2a.intoArray(out, outAt + 4 * LANES);
    sum2b.intoArray(out, outAt + 5 * LANES);
    sum3a.intoArray(out, outAt + 6 * LANES);
    sum3b.intoArray(out, outAt + 7 * LANES);
  }

  /** Products of two tokens {@code [numCols][4]} with two tiles. */
  static void twoTokens(
      float[] x,
      int xAt,
      int[] tiles,
      int tileAt,
      int numCols,
      float[] out,
      int outAt,
      int outStride) {
    int secondTile = tileAt + numCols * TILE_STEP;
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum1c = FloatVector.zero(FLOATS);
    FloatVector sum1d = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      int step = k * TILE_STEP;
      int row = xAt + k * FewTokensFloat32.X_STEP;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[row]);
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[row + 1]);
      IntVector first = IntVector.fromArray(INTS, tiles, tileAt + step);
      FloatVector a = first.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = first.and(HIGH_HALF).reinterpretAsFloats();
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      VarHandle.loadLoadFence();
      IntVector second = IntVector.fromArray(INTS, tiles, secondTile + step);
      FloatVector c = second.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector d = second.and(HIGH_HALF).reinterpretAsFloats();
      sum0c = x0.fma(c, sum0c);
      sum0d = x0.fma(d, sum0d);
      sum1c = x1.fma(c, sum1c);
      sum1d = x1.fma(d, sum1d);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum0c.intoArray(out, outAt + 2 * LANES);
    sum0d.intoArray(out, outAt + 3 * LANES);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + LANES);
    sum1c.intoArray(out, outAt + outStride + 2 * LANES);
    sum1d.intoArray(out, outAt + outStride + 3 * LANES);
  }

  /**
   * Products of three or four tokens, a block of {@link ActivationBlocks}, with one tile.
   *
   * @param tokens how many of the four tokens there are; the others are not stored
   */
  static void fourTokens(
      float[] x,
      int xAt,
      int[] tile,
      int tileAt,
      int numCols,
      float[] out,
      int outAt,
      int outStride,
      int tokens) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum2a = FloatVector.zero(FLOATS);
    FloatVector sum2b = FloatVector.zero(FLOATS);
    FloatVector sum3a = FloatVector.zero(FLOATS);
    FloatVector sum3b = FloatVector.zero(FLOATS);
    for (int k = 0; k < numCols; k++) {
      IntVector pairs = IntVector.fromArray(INTS, tile, tileAt + k * TILE_STEP);
      FloatVector a = pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = pairs.and(HIGH_HALF).reinterpretAsFloats();
      int row = xAt + k * ActivationBlocks.STEP;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[row]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      VarHandle.loadLoadFence();
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[row + 1]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      VarHandle.loadLoadFence();
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[row + 2]);
      sum2a = x2.fma(a, sum2a);
      sum2b = x2.fma(b, sum2b);
      VarHandle.loadLoadFence();
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[row + 3]);
      sum3a = x3.fma(a, sum3a);
      sum3b = x3.fma(b, sum3b);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outAt + outStride + LANES);
    sum2a.intoArray(out, outAt + 2 * outStride);
    sum2b.intoArray(out, outAt + 2 * outStride + LANES);
    if (tokens > 3) {
      sum3a.intoArray(out, outAt + 3 * outStride);
      sum3b.intoArray(out, outAt + 3 * outStride + LANES);
    }
  }

  /**
   * Products of five or six tokens, a block of {@link ActivationBlocks}, with the low halves of two
   * tiles, which go to {@code outAt} and two vectors further.
   *
   * @param tokens how many of the six tokens there are; the others are not stored
   */
  static void sixTokensLow(
      float[] x,
      int xAt,
      int[] tiles,
      int tileAt,
      int numCols,
      float[] out,
      int outAt,
      int outStride,
      int tokens) {
    int secondTile = tileAt + numCols * TILE_STEP;
    int outB = outAt + 2 * LANES;
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
    for (int k = 0; k < numCols; k++) {
      int step = k * TILE_STEP;
      int row = xAt + k * ActivationBlocks.STEP;
      FloatVector a =
          IntVector.fromArray(INTS, tiles, tileAt + step)
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      FloatVector b =
          IntVector.fromArray(INTS, tiles, secondTile + step)
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[row]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      VarHandle.loadLoadFence();
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[row + 1]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      VarHandle.loadLoadFence();
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[row + 2]);
      sum2a = x2.fma(a, sum2a);
      sum2b = x2.fma(b, sum2b);
      VarHandle.loadLoadFence();
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[row + 3]);
      sum3a = x3.fma(a, sum3a);
      sum3b = x3.fma(b, sum3b);
      VarHandle.loadLoadFence();
      FloatVector x4 = FloatVector.broadcast(FLOATS, x[row + 4]);
      sum4a = x4.fma(a, sum4a);
      sum4b = x4.fma(b, sum4b);
      VarHandle.loadLoadFence();
      FloatVector x5 = FloatVector.broadcast(FLOATS, x[row + 5]);
      sum5a = x5.fma(a, sum5a);
      sum5b = x5.fma(b, sum5b);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outB);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outB + outStride);
    sum2a.intoArray(out, outAt + 2 * outStride);
    sum2b.intoArray(out, outB + 2 * outStride);
    sum3a.intoArray(out, outAt + 3 * outStride);
    sum3b.intoArray(out, outB + 3 * outStride);
    sum4a.intoArray(out, outAt + 4 * outStride);
    sum4b.intoArray(out, outB + 4 * outStride);
    if (tokens > 5) {
      sum5a.intoArray(out, outAt + 5 * outStride);
      sum5b.intoArray(out, outB + 5 * outStride);
    }
  }

  /** As {@link #sixTokensLow} with the high halves. */
  static void sixTokensHigh(
      float[] x,
      int xAt,
      int[] tiles,
      int tileAt,
      int numCols,
      float[] out,
      int outAt,
      int outStride,
      int tokens) {
    int secondTile = tileAt + numCols * TILE_STEP;
    int outB = outAt + 2 * LANES;
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
    for (int k = 0; k < numCols; k++) {
      int step = k * TILE_STEP;
      int row = xAt + k * ActivationBlocks.STEP;
      FloatVector a =
          IntVector.fromArray(INTS, tiles, tileAt + step).and(HIGH_HALF).reinterpretAsFloats();
      FloatVector b =
          IntVector.fromArray(INTS, tiles, secondTile + step).and(HIGH_HALF).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[row]);
      sum0a = x0.fma(a, sum0a);
      sum0b = x0.fma(b, sum0b);
      VarHandle.loadLoadFence();
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[row + 1]);
      sum1a = x1.fma(a, sum1a);
      sum1b = x1.fma(b, sum1b);
      VarHandle.loadLoadFence();
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[row + 2]);
      sum2a = x2.fma(a, sum2a);
      sum2b = x2.fma(b, sum2b);
      VarHandle.loadLoadFence();
      FloatVector x3 = FloatVector.broadcast(FLOATS, x[row + 3]);
      sum3a = x3.fma(a, sum3a);
      sum3b = x3.fma(b, sum3b);
      VarHandle.loadLoadFence();
      FloatVector x4 = FloatVector.broadcast(FLOATS, x[row + 4]);
      sum4a = x4.fma(a, sum4a);
      sum4b = x4.fma(b, sum4b);
      VarHandle.loadLoadFence();
      FloatVector x5 = FloatVector.broadcast(FLOATS, x[row + 5]);
      sum5a = x5.fma(a, sum5a);
      sum5b = x5.fma(b, sum5b);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outB);
    sum1a.intoArray(out, outAt + outStride);
    sum1b.intoArray(out, outB + outStride);
    sum2a.intoArray(out, outAt + 2 * outStride);
    sum2b.intoArray(out, outB + 2 * outStride);
    sum3a.intoArray(out, outAt + 3 * outStride);
    sum3b.intoArray(out, outB + 3 * outStride);
    sum4a.intoArray(out, outAt + 4 * outStride);
    sum4b.intoArray(out, outB + 4 * outStride);
    if (tokens > 5) {
      sum5a.intoArray(out, outAt + 5 * outStride);
      sum5b.intoArray(out, outB + 5 * outStride);
    }
  }
}
