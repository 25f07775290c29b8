package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.INTS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Matrix products on vectors of 128 or 256 bits with bfloat16 weights: a vector of pairs widens to
 * two vectors a and b of outputs. Both halves and the mask have no registers left beside 12
 * accumulators, so a tile is {@link #widen}ed once for all blocks of tokens. For the rest see
 * {@link NarrowFloat32Tile}, whose six-token kernel differs in where it touches; for one block of
 * tokens there is {@link FewTokensBfloat16}.
 */
final class NarrowBfloat16Tile {

  private static final int HIGH_HALF = 0xffff0000;

  /** Array elements from one k of the activations to the next. */
  private static final int X_STEP = ActivationBlocks.STEP;

  /** Array elements from one k of the tile to the next. */
  private static final int TILE_STEP = LANES;

  /** Array elements from one k of the widened tile to the next. */
  private static final int WIDE_STEP = 2 * LANES;

  private NarrowBfloat16Tile() {}

  /** Writes a tile as floats, from element {@code wideAt} on. */
  static void widen(int[] tile, int tileAt, int numCols, float[] wide, int wideAt) {
    for (int k = 0; k < numCols; k++) {
      IntVector pairs = IntVector.fromArray(INTS, tile, tileAt + k * TILE_STEP);
      int step = wideAt + k * WIDE_STEP;
      FloatVector low = pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      low.intoArray(wide, step);
      pairs.and(HIGH_HALF).reinterpretAsFloats().intoArray(wide, step + LANES);
    }
  }

  /**
   * Products of up to six tokens with a widened tile, over whole steps of {@link
   * NarrowMatmul#COLUMNS}. One element a step is touched, of as many elements as there are columns.
   *
   * @param x a block of {@link ActivationBlocks} at {@code xAt}
   * @param tile holds the tile at {@code tileAt}
   * @param numCols a multiple of {@link NarrowMatmul#COLUMNS}
   * @param next what is needed next, at {@code nextAt}, to be touched so that it is on its way
   * @param tokens how many of the block's tokens there are; the others are not stored
   * @return what was touched, to be kept alive by the caller
   */
  static int sixTokens(
      float[] x,
      int xAt,
      float[] tile,
      int tileAt,
      int numCols,
      int[] next,
      int nextAt,
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
    FloatVector sum4a = FloatVector.zero(FLOATS);
    FloatVector sum4b = FloatVector.zero(FLOATS);
    FloatVector sum5a = FloatVector.zero(FLOATS);
    FloatVector sum5b = FloatVector.zero(FLOATS);
    int touched = 0;
    for (int k = 0; k < numCols; k += NarrowMatmul.COLUMNS) {
      touched ^= next[nextAt + k];
      int step = tileAt + k * WIDE_STEP;
      int row = xAt + k * X_STEP;
      FloatVector a = FloatVector.fromArray(FLOATS, tile, step);
      FloatVector b = FloatVector.fromArray(FLOATS, tile, step + LANES);
      FloatVector activation = FloatVector.broadcast(FLOATS, x[row]);
      sum0a = activation.fma(a, sum0a);
      sum0b = activation.fma(b, sum0b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 1]);
      sum1a = activation.fma(a, sum1a);
      sum1b = activation.fma(b, sum1b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 2]);
      sum2a = activation.fma(a, sum2a);
      sum2b = activation.fma(b, sum2b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 3]);
      sum3a = activation.fma(a, sum3a);
      sum3b = activation.fma(b, sum3b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 4]);
      sum4a = activation.fma(a, sum4a);
      sum4b = activation.fma(b, sum4b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 5]);
      sum5a = activation.fma(a, sum5a);
      sum5b = activation.fma(b, sum5b);
      VarHandle.loadLoadFence();
      a = FloatVector.fromArray(FLOATS, tile, step + WIDE_STEP);
      b = FloatVector.fromArray(FLOATS, tile, step + WIDE_STEP + LANES);
      activation = FloatVector.broadcast(FLOATS, x[row + X_STEP]);
      sum0a = activation.fma(a, sum0a);
      sum0b = activation.fma(b, sum0b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + X_STEP + 1]);
      sum1a = activation.fma(a, sum1a);
      sum1b = activation.fma(b, sum1b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + X_STEP + 2]);
      sum2a = activation.fma(a, sum2a);
      sum2b = activation.fma(b, sum2b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + X_STEP + 3]);
      sum3a = activation.fma(a, sum3a);
      sum3b = activation.fma(b, sum3b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + X_STEP + 4]);
      sum4a = activation.fma(a, sum4a);
      sum4b = activation.fma(b, sum4b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + X_STEP + 5]);
      sum5a = activation.fma(a, sum5a);
      sum5b = activation.fma(b, sum5b);
      VarHandle.loadLoadFence();
      a = FloatVector.fromArray(FLOATS, tile, step + 2 * WIDE_STEP);
      b = FloatVector.fromArray(FLOATS, tile, step + 2 * WIDE_STEP + LANES);
      activation = FloatVector.broadcast(FLOATS, x[row + 2 * X_STEP]);
      sum0a = activation.fma(a, sum0a);
      sum0b = activation.fma(b, sum0b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 2 * X_STEP + 1]);
      sum1a = activation.fma(a, sum1a);
      sum1b = activation.fma(b, sum1b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 2 * X_STEP + 2]);
      sum2a = activation.fma(a, sum2a);
      sum2b = activation.fma(b, sum2b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 2 * X_STEP + 3]);
      sum3a = activation.fma(a, sum3a);
      sum3b = activation.fma(b, sum3b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 2 * X_STEP + 4]);
      sum4a = activation.fma(a, sum4a);
      sum4b = activation.fma(b, sum4b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 2 * X_STEP + 5]);
      sum5a = activation.fma(a, sum5a);
      sum5b = activation.fma(b, sum5b);
      VarHandle.loadLoadFence();
      a = FloatVector.fromArray(FLOATS, tile, step + 3 * WIDE_STEP);
      b = FloatVector.fromArray(FLOATS, tile, step + 3 * WIDE_STEP + LANES);
      activation = FloatVector.broadcast(FLOATS, x[row + 3 * X_STEP]);
      sum0a = activation.fma(a, sum0a);
      sum0b = activation.fma(b, sum0b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 3 * X_STEP + 1]);
      sum1a = activation.fma(a, sum1a);
      sum1b = activation.fma(b, sum1b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 3 * X_STEP + 2]);
      sum2a = activation.fma(a, sum2a);
      sum2b = activation.fma(b, sum2b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 3 * X_STEP + 3]);
      sum3a = activation.fma(a, sum3a);
      sum3b = activation.fma(b, sum3b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 3 * X_STEP + 4]);
      sum4a = activation.fma(a, sum4a);
      sum4b = activation.fma(b, sum4b);
      VarHandle.loadLoadFence();
      activation = FloatVector.broadcast(FLOATS, x[row + 3 * X_STEP + 5]);
      sum5a = activation.fma(a, sum5a);
      sum5b = activation.fma(b, sum5b);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    if (tokens > 1) {
      sum1a.intoArray(out, outAt + outStride);
      sum1b.intoArray(out, outAt + outStride + LANES);
    }
    if (tokens > 2) {
      sum2a.intoArray(out, outAt + 2 * outStride);
      sum2b.intoArray(out, outAt + 2 * outStride + LANES);
    }
    if (tokens > 3) {
      sum3a.intoArray(out, outAt + 3 * outStride);
      sum3b.intoArray(out, outAt + 3 * outStride + LANES);
    }
    if (tokens > 4) {
      sum4a.intoArray(out, outAt + 4 * outStride);
      sum4b.intoArray(out, outAt + 4 * outStride + LANES);
    }
    if (tokens > 5) {
      sum5a.intoArray(out, outAt + 5 * outStride);
      sum5b.intoArray(out, outAt + 5 * outStride + LANES);
    }
    return touched;
  }
}
