package org.trlm.engine.kernel;

import java.util.List;

/**
 * The definition of {@link ScalarKernels} in SIMD lanes, at the width this CPU prefers. Lanes and
 * register rows run over outputs, tokens and dimensions, never over the k of a product, so that
 * every width returns the same bits.
 */
public final class VectorKernels implements Kernels {

  VectorKernels() {}

  @Override
  public String name() {
    return "vector-" + VectorShape.bits();
  }

  @Override
  public List<WeightMatrix> pack(List<MatrixRows> matrices) {
    return PanelPacker.pack(matrices, VectorMatmul.LAYOUT, VectorMatmul::matmul);
  }

  @Override
  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float epsilon, float[] out, int outOffset, int n) {
    float sumOfSquares = VectorReductions.sumOfSquares(x, xOffset, n);
    float scale = ScalarKernels.inverseRootMeanSquare(sumOfSquares, n, epsilon);
    VectorElementwise.scaleByWeight(x, xOffset, scale, weight, out, outOffset, n);
  }

  @Override
  public void add(float[] x, int xOffset, float[] y, int yOffset, int n) {
    VectorElementwise.add(x, xOffset, y, yOffset, n);
  }

  @Override
  public void siluMultiply(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    VectorElementwise.siluMultiply(gate, gateOffset, up, upOffset, out, outOffset, n);
  }

  @Override
  public void rotate(float[] x, int xOffset, float[] cos, float[] sin, int tableOffset, int half) {
    VectorElementwise.rotate(x, xOffset, cos, sin, tableOffset, half);
  }

  @Override
  public void attention(
      float[] query,
      int queryOffset,
      int queryStride,
      int numQueries,
      int firstPosition,
      KeyValueBlocks cache,
      int[] blockTable,
      AttentionScratch scratch,
      float[] out,
      int outOffset,
      int outStride) {
    VectorAttention.attention(
        query,
        queryOffset,
        queryStride,
        numQueries,
        firstPosition,
        cache,
        blockTable,
        scratch,
        out,
        outOffset,
        outStride);
  }

  @Override
  public void roundToBfloat16(float[] x, int xOffset, int n, int[] pairs, int pairsOffset) {
    VectorElementwise.roundToBfloat16(x, xOffset, n, pairs, pairsOffset);
  }

  @Override
  public int argmax(float[] x, int xOffset, int n) {
    return VectorReductions.argmax(x, xOffset, n);
  }

  @Override
  public float softmaxNumerators(
      float[] x, int xOffset, float max, float scale, float[] out, int outOffset, int n) {
    VectorElementwise.softmaxNumerators(x, xOffset, max, scale, out, outOffset, n);
    return VectorReductions.sum(out, outOffset, n);
  }
}
