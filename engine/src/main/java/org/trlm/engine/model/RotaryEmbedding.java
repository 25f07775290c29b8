package org.trlm.engine.model;

import org.trlm.engine.kernel.Kernels;

/**
 * Rotary position embedding (Su and others 2021) from a table of cosines and sines, {@code
 * [positions][headDim / 2]} each. The angle is the float32 product position × frequency, as
 * transformers computes it. Immutable, shared by all engines of a model.
 */
final class RotaryEmbedding {

  private final int half;
  private final int numPositions;
  private final float[] cosines;
  private final float[] sines;

  /**
   * @param frequencies of {@link RopeFrequencies}, one per pair of dimensions
   */
  RotaryEmbedding(float[] frequencies, int numPositions) {
    this.half = frequencies.length;
    this.numPositions = numPositions;
    cosines = new float[Math.multiplyExact(numPositions, half)];
    sines = new float[cosines.length];
    for (int position = 0; position < numPositions; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * frequencies[i];
        cosines[position * half + i] = (float) StrictMath.cos(angle);
        sines[position * half + i] = (float) StrictMath.sin(angle);
      }
    }
  }

  int numPositions() {
    return numPositions;
  }

  /** Rotates {@code numHeads} heads that stand one after the other at {@code heads[at …]}. */
  void rotate(Kernels kernels, float[] heads, int at, int numHeads, int position) {
    for (int head = 0; head < numHeads; head++) {
      kernels.rotate(heads, at + head * 2 * half, cosines, sines, position * half, half);
    }
  }
}
