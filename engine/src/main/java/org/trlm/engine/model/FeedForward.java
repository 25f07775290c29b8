package org.trlm.engine.model;

import org.trlm.engine.kernel.Kernels;

/**
 * The gated feed-forward part: down(silu(gate(x)) · up(x)). One per engine; holds the scratch of
 * the wide layer.
 */
final class FeedForward {

  private final Kernels kernels;
  private final int intermediateSize;

  /** {@code [maxTokens][2 intermediateSize]}, rows {@code stride} apart. */
  private final float[] gateUp;

  private final int stride;

  FeedForward(ModelWeights weights, int maxTokens) {
    this.kernels = weights.kernels();
    this.intermediateSize = weights.config().intermediateSize();
    this.stride = stride(weights.config());
    this.gateUp = Transformer.rows("feed-forward activations", maxTokens, stride);
  }

  static int stride(ModelConfig config) {
    return Transformer.stride(2L * config.intermediateSize());
  }

  /**
   * @param x {@code [numTokens][hiddenSize]} normed input, replaced by the output; rows {@code
   *     xStride} apart
   */
  void forward(ModelWeights.Layer layer, int numTokens, float[] x, int xStride) {
    // gate and up in one product: [numTokens][2 intermediateSize]
    layer.gateUpProj().multiply(x, 0, xStride, numTokens, gateUp, 0, stride);
    // silu(gate) · up, over the gate: [numTokens][intermediateSize]
    for (int token = 0; token < numTokens; token++) {
      int gate = token * stride;
      int up = gate + intermediateSize;
      kernels.siluMultiply(gateUp, gate, gateUp, up, gateUp, gate, intermediateSize);
    }
    // down: [numTokens][hiddenSize]
    layer.downProj().multiply(gateUp, 0, stride, numTokens, x, 0, xStride);
  }
}
