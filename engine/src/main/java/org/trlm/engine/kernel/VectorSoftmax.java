package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The softmax of one head's scores, which lie in tiles of 16 keys at a stride. */
final class VectorSoftmax {

  /** The partial sums of the definition are the lanes of a tile. */
  private static final int TILE = BLOCK_TOKENS;

  private VectorSoftmax() {}

  /**
   * In place: {@code exp((score - max) * scale) / sum}; what the last tile holds past {@code
   * numKeys} becomes 0.
   */
  static void softmax(float[] scores, int at, int tileStride, int numKeys, float scale) {
    int tiles = (numKeys + TILE - 1) / TILE;
    int lastTile = at + (tiles - 1) * tileStride;
    for (int i = numKeys - (tiles - 1) * TILE; i < TILE; i++) {
      // its exponential is exactly 0, and adding that changes no sum
      scores[lastTile + i] = Float.NEGATIVE_INFINITY;
    }
    int elements = tiles * TILE;
    float max = max(scores, at, tileStride, elements);
    for (int i = 0; i < elements; i += LANES) {
      int to = elementAt(at, tileStride, i);
      VectorElementwise.exp(FloatVector.fromArray(FLOATS, scores, to).sub(max).mul(scale))
          .intoArray(scores, to);
    }
    float factor = 1f / sum(scores, at, tileStride, elements);
    for (int i = 0; i < elements; i += LANES) {
      int to = elementAt(at, tileStride, i);
      FloatVector.fromArray(FLOATS, scores, to).mul(factor).intoArray(scores, to);
    }
  }

  private static float max(float[] scores, int at, int tileStride, int elements) {
    FloatVector lanes = FloatVector.fromArray(FLOATS, scores, at);
    for (int i = LANES; i < elements; i += LANES) {
      lanes = lanes.max(FloatVector.fromArray(FLOATS, scores, elementAt(at, tileStride, i)));
    }
    return lanes.reduceLanes(VectorOperators.MAX);
  }

  /** Partial sum i over the i-th elements of the tiles, then the tree of the definition. */
  private static float sum(float[] scores, int at, int tileStride, int elements) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    FloatVector c = FloatVector.zero(FLOATS);
    FloatVector d = FloatVector.zero(FLOATS);
    for (int i = 0; i < elements; i += TILE) {
      int tile = elementAt(at, tileStride, i);
      a = a.add(FloatVector.fromArray(FLOATS, scores, tile));
      if (LANES <= 8) {
        b = b.add(FloatVector.fromArray(FLOATS, scores, tile + LANES));
      }
      if (LANES == 4) {
        c = c.add(FloatVector.fromArray(FLOATS, scores, tile + 2 * LANES));
        d = d.add(FloatVector.fromArray(FLOATS, scores, tile + 3 * LANES));
      }
    }
    return LANES == 16
        ? VectorReductions.tree16(a)
        : LANES == 8 ? VectorReductions.tree8(a, b) : VectorReductions.tree4(a, b, c, d);
  }

  private static int elementAt(int at, int tileStride, int i) {
    return at + i / TILE * tileStride + i % TILE;
  }
}
