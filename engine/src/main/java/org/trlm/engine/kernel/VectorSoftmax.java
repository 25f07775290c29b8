package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The softmax of the scores of all heads of a query, which lie in tiles {@code [block][head][16]}.
 * Each step takes all heads before the next one begins: a reduction waits for itself, but not for
 * that of another head.
 */
final class VectorSoftmax {

  /** The partial sums of the definition are the lanes of a tile. */
  private static final int TILE = BLOCK_TOKENS;

  private VectorSoftmax() {}

  /**
   * In place: {@code exp((score - max) * scale) / sum}; what the last tile holds past {@code
   * numKeys} becomes 0.
   *
   * @param perHeadAt where {@code scores} has room for one number of each head
   */
  static void softmax(
      float[] scores, int at, int numHeads, int numKeys, float scale, int perHeadAt) {
    int tileStride = numHeads * TILE;
    int tiles = (numKeys + TILE - 1) / TILE;
    int lastTile = at + (tiles - 1) * tileStride;
    for (int head = 0; head < numHeads; head++) {
      for (int i = numKeys - (tiles - 1) * TILE; i < TILE; i++) {
        // its exponential is exactly 0, and adding that changes no sum
        scores[lastTile + head * TILE + i] = Float.NEGATIVE_INFINITY;
      }
    }
    for (int head = 0; head < numHeads; head++) {
      scores[perHeadAt + head] = max(scores, at + head * TILE, tileStride, tiles);
    }
    for (int head = 0; head < numHeads; head++) {
      float max = scores[perHeadAt + head];
      numerators(scores, at + head * TILE, tileStride, tiles * TILE, max, scale);
    }
    for (int head = 0; head < numHeads; head++) {
      scores[perHeadAt + head] = 1f / sum(scores, at + head * TILE, tileStride, tiles);
    }
    for (int head = 0; head < numHeads; head++) {
      scale(scores, at + head * TILE, tileStride, tiles, scores[perHeadAt + head]);
    }
  }

  private static float max(float[] scores, int at, int tileStride, int tiles) {
    FloatVector max = FloatVector.fromArray(FLOATS, scores, at);
    for (int tile = 0; tile < tiles; tile++) {
      int to = at + tile * tileStride;
      max = larger(max, FloatVector.fromArray(FLOATS, scores, to));
      if (LANES <= 8) {
        max = larger(max, FloatVector.fromArray(FLOATS, scores, to + LANES));
      }
      if (LANES == 4) {
        max = larger(max, FloatVector.fromArray(FLOATS, scores, to + 2 * LANES));
        max = larger(max, FloatVector.fromArray(FLOATS, scores, to + 3 * LANES));
      }
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /**
   * The larger in each lane, by one comparison: a maximum takes many instructions for NaN and the
   * sign of zero, which change no weight. A NaN that is not seen here makes the sum one.
   */
  private static FloatVector larger(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  /** One exponential a step: the compiler calls the inner methods of a second one. */
  private static void numerators(
      float[] scores, int at, int tileStride, int elements, float max, float scale) {
    for (int i = 0; i < elements; i += LANES) {
      int to = at + i / TILE * tileStride + i % TILE;
      FloatVector arguments = FloatVector.fromArray(FLOATS, scores, to).sub(max).mul(scale);
      // none exceeds 0, so that the exponential's own limit can be left out
      VectorElementwise.expUpToHighest(arguments).intoArray(scores, to);
    }
  }

  /** Partial sum i over the i-th elements of the tiles, then the tree of the definition. */
  private static float sum(float[] scores, int at, int tileStride, int tiles) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    FloatVector c = FloatVector.zero(FLOATS);
    FloatVector d = FloatVector.zero(FLOATS);
    for (int tile = 0; tile < tiles; tile++) {
      int to = at + tile * tileStride;
      a = a.add(FloatVector.fromArray(FLOATS, scores, to));
      if (LANES <= 8) {
        b = b.add(FloatVector.fromArray(FLOATS, scores, to + LANES));
      }
      if (LANES == 4) {
        c = c.add(FloatVector.fromArray(FLOATS, scores, to + 2 * LANES));
        d = d.add(FloatVector.fromArray(FLOATS, scores, to + 3 * LANES));
      }
    }
    return LANES == 16
        ? VectorReductions.tree16(a)
        : LANES == 8 ? VectorReductions.tree8(a, b) : VectorReductions.tree4(a, b, c, d);
  }

  private static void scale(float[] scores, int at, int tileStride, int tiles, float factor) {
    for (int tile = 0; tile < tiles; tile++) {
      int to = at + tile * tileStride;
      for (int i = 0; i < TILE; i += LANES) {
        FloatVector.fromArray(FLOATS, scores, to + i).mul(factor).intoArray(scores, to + i);
      }
    }
  }
}
