package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Inner loops of the matrix product of up to three tokens with float32 weights on vectors of 128 or
 * 256 bits. Reading the weights is what takes the time, so several tiles are read side by side: the
 * hardware fetches their streams in parallel, and faster than one stream with parts of the next one
 * touched.
 */
final class FewTokensFloat32 {

  /** Elements from one k of three tokens' activations to the next; the fourth is unused. */
  static final int X_STEP = 4;

  /** Array elements from one k of a tile to the next. */
  private static final int TILE_STEP = 2 * LANES;

  /** Sums of one token with four tiles. */
  static final int SUMS_STEP = 8 * LANES;

  private FewTokensFloat32() {}

  /**
   * Adds products of one token with some inputs of four tiles to sums {@code [4][2 LANES]}.
   *
   * @param x the token's activations, the first of these inputs at {@code xAt}
   * @param tiles where the first of these inputs of the first tile is {@code tileAt}; the other
   *     tiles are {@code tileElements} apart
   */
  static void oneToken(
      float[] x,
      int xAt,
      float[] tiles,
      int tileAt,
      int tileElements,
      int inputs,
      float[] sums,
      int sumsAt) {
    int tile1 = tileAt + tileElements;
    int tile2 = tile1 + tileElements;
    int tile3 = tile2 + tileElements;
    FloatVector sum0a = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector sum0b = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector sum1a = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * LANES);
    FloatVector sum1b = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * LANES);
    FloatVector sum2a = FloatVector.fromArray(FLOATS, sums, sumsAt + 4 * LANES);
    FloatVector sum2b = FloatVector.fromArray(FLOATS, sums, sumsAt + 5 * LANES);
    FloatVector sum3a = FloatVector.fromArray(FLOATS, sums, sumsAt + 6 * LANES);
    FloatVector sum3b = FloatVector.fromArray(FLOATS, sums, sumsAt + 7 * LANES);
    for (int k = 0; k < inputs; k++) {
      int step = k * TILE_STEP;
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      sum0a = x0.fma(FloatVector.fromArray(FLOATS, tiles, tileAt + step), sum0a);
      sum0b = x0.fma(FloatVector.fromArray(FLOATS, tiles, tileAt + step + LANES), sum0b);
      sum1a = x0.fma(FloatVector.fromArray(FLOATS, tiles, tile1 + step), sum1a);
      sum1b = x0.fma(FloatVector.fromArray(FLOATS, tiles, tile1 + step + LANES), sum1b);
      sum2a = x0.fma(FloatVector.fromArray(FLOATS, tiles, tile2 + step), sum2a);
      sum2b = x0.fma(FloatVector.fromArray(FLOATS, tiles, tile2 + step + LANES), sum2b);
      sum3a = x0.fma(FloatVector.fromArray(FLOATS, tiles, tile3 + step), sum3a);
      sum3b = x0.fma(FloatVector.fromArray(FLOATS, tiles, tile3 + step + LANES), sum3b);
    }
    sum0a.intoArray(sums, sumsAt);
    sum0b.intoArray(sums, sumsAt + LANES);
    sum1a.intoArray(sums, sumsAt + 2 * LANES);
    sum1b.intoArray(sums, sumsAt + 3 * LANES);
    sum2a.intoArray(sums, sumsAt + 4 * LANES);
    sum2b.intoArray(sums, sumsAt + 5 * LANES);
    sum3a.intoArray(sums, sumsAt + 6 * LANES);
    sum3b.intoArray(sums, sumsAt + 7 * LANES);
  }

  /**
   * Adds products of three tokens with some inputs of two tiles to sums {@code [2][2 LANES]} of
   * each, those of the next token {@link #SUMS_STEP} further.
   *
   * @param x activations {@code [inputs][4]} at {@code xAt}
   * @param a where the first of these inputs of the first tile is
   * @param c the same of the second tile
   */
  static void threeTokens(
      float[] x, int xAt, float[] tiles, int a, int c, int inputs, float[] sums, int sumsAt) {
    int b = a + LANES;
    int d = c + LANES;
    FloatVector sum0a = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector sum0b = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector sum0c = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * LANES);
    FloatVector sum0d = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * LANES);
    FloatVector sum1a = FloatVector.fromArray(FLOATS, sums, sumsAt + 8 * LANES);
    FloatVector sum1b = FloatVector.fromArray(FLOATS, sums, sumsAt + 9 * LANES);
    FloatVector sum1c = FloatVector.fromArray(FLOATS, sums, sumsAt + 10 * LANES);
    FloatVector sum1d = FloatVector.fromArray(FLOATS, sums, sumsAt + 11 * LANES);
    FloatVector sum2a = FloatVector.fromArray(FLOATS, sums, sumsAt + 16 * LANES);
    FloatVector sum2b = FloatVector.fromArray(FLOATS, sums, sumsAt + 17 * LANES);
    FloatVector sum2c = FloatVector.fromArray(FLOATS, sums, sumsAt + 18 * LANES);
    FloatVector sum2d = FloatVector.fromArray(FLOATS, sums, sumsAt + 19 * LANES);
    for (int k = 0; k < inputs; k++) {
      int step = k * TILE_STEP;
      int row = xAt + k * X_STEP;
      FloatVector weightsA = FloatVector.fromArray(FLOATS, tiles, a + step);
      FloatVector weightsB = FloatVector.fromArray(FLOATS, tiles, b + step);
      FloatVector x0 = FloatVector.broadcast(FLOATS, x[row]);
      sum0a = x0.fma(weightsA, sum0a);
      sum0b = x0.fma(weightsB, sum0b);
      VarHandle.loadLoadFence();
      FloatVector x1 = FloatVector.broadcast(FLOATS, x[row + 1]);
      sum1a = x1.fma(weightsA, sum1a);
      sum1b = x1.fma(weightsB, sum1b);
      VarHandle.loadLoadFence();
      FloatVector x2 = FloatVector.broadcast(FLOATS, x[row + 2]);
      sum2a = x2.fma(weightsA, sum2a);
      sum2b = x2.fma(weightsB, sum2b);
      VarHandle.loadLoadFence();
      FloatVector weightsC = FloatVector.fromArray(FLOATS, tiles, c + step);
      FloatVector weightsD = FloatVector.fromArray(FLOATS, tiles, d + step);
      FloatVector again0 = FloatVector.broadcast(FLOATS, x[row]);
      sum0c = again0.fma(weightsC, sum0c);
      sum0d = again0.fma(weightsD, sum0d);
      VarHandle.loadLoadFence();
      FloatVector again1 = FloatVector.broadcast(FLOATS, x[row + 1]);
      sum1c = again1.fma(weightsC, sum1c);
      sum1d = again1.fma(weightsD, sum1d);
      VarHandle.loadLoadFence();
      FloatVector again2 = FloatVector.broadcast(FLOATS, x[row + 2]);
      sum2c = again2.fma(weightsC, sum2c);
      sum2d = again2.fma(weightsD, sum2d);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(sums, sumsAt);
    sum0b.intoArray(sums, sumsAt + LANES);
    sum0c.intoArray(sums, sumsAt + 2 * LANES);
    sum0d.intoArray(sums, sumsAt + 3 * LANES);
    sum1a.intoArray(sums, sumsAt + 8 * LANES);
    sum1b.intoArray(sums, sumsAt + 9 * LANES);
    sum1c.intoArray(sums, sumsAt + 10 * LANES);
    sum1d.intoArray(sums, sumsAt + 11 * LANES);
    sum2a.intoArray(sums, sumsAt + 16 * LANES);
    sum2b.intoArray(sums, sumsAt + 17 * LANES);
    sum2c.intoArray(sums, sumsAt + 18 * LANES);
    sum2d.intoArray(sums, sumsAt + 19 * LANES);
  }
}
