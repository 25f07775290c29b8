package org.trlm.engine.kernel;

import java.util.List;

/**
 * The definition of every operation, in plain loops. Slow; used on request, in tests, and where a
 * reader wants to know what the vector code must return.
 */
public final class ScalarKernels implements Kernels {

  private static final int PARTIAL_SUMS = 16;

  ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public List<WeightMatrix> pack(List<MatrixRows> matrices) {
    return PanelPacker.pack(matrices, PanelLayout.PANELS, ScalarKernels::matmul);
  }

  private static void matmul(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      PanelMatrix matrix,
      float[] out,
      int outOffset,
      int outStride) {
    for (int panel = 0; panel < matrix.numPanels(); panel++) {
      int weightsAt = matrix.offset() + panel * matrix.panelElements();
      for (int token = 0; token < numTokens; token++) {
        int xAt = xOffset + token * xStride;
        int outAt = outOffset + token * outStride + panel * PANEL_OUTPUTS;
        for (int n = 0; n < PANEL_OUTPUTS; n++) {
          out[outAt + n] = 0f;
        }
        if (matrix.dtype() == PanelDtype.FLOAT32) {
          floatPanel(x, xAt, matrix.floats(), weightsAt, matrix.numCols(), out, outAt);
        } else {
          pairPanel(x, xAt, matrix.pairs(), weightsAt, matrix.numCols(), out, outAt);
        }
      }
    }
  }

  private static void floatPanel(
      float[] x, int xAt, float[] panel, int panelAt, int numCols, float[] out, int outAt) {
    for (int k = 0; k < numCols; k++) {
      float activation = x[xAt + k];
      int step = panelAt + k * PANEL_OUTPUTS;
      for (int n = 0; n < PANEL_OUTPUTS; n++) {
        out[outAt + n] = Math.fma(activation, panel[step + n], out[outAt + n]);
      }
    }
  }

  private static void pairPanel(
      float[] x, int xAt, int[] panel, int panelAt, int numCols, float[] out, int outAt) {
    for (int k = 0; k < numCols; k++) {
      float activation = x[xAt + k];
      int step = panelAt + k * PANEL_OUTPUTS / 2;
      for (int group = 0; group < 2; group++) {
        int low = outAt + group * 32;
        int high = low + 16;
        for (int i = 0; i < 16; i++) {
          int pair = panel[step + group * 16 + i];
          out[low + i] = Math.fma(activation, Float.intBitsToFloat(pair << 16), out[low + i]);
          out[high + i] =
              Math.fma(activation, Float.intBitsToFloat(pair & 0xffff0000), out[high + i]);
        }
      }
    }
  }

  @Override
  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float epsilon, float[] out, int outOffset, int n) {
    float scale = inverseRootMeanSquare(sumOfSquares(x, xOffset, n), n, epsilon);
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = x[xOffset + i] * scale * weight[i];
    }
  }

  static float inverseRootMeanSquare(float sumOfSquares, int n, float epsilon) {
    return (float) (1.0 / Math.sqrt((double) sumOfSquares / n + epsilon));
  }

  private static float sumOfSquares(float[] x, int xOffset, int n) {
    return treeOfSquares(x, xOffset, n, 0, 1);
  }

  /**
   * The fixed tree over partial sums {@code j, j + step, j + 2 step …}: at step 1 this is ((p0 +
   * p8) + (p4 + p12)) + … as a vector folds its upper half onto its lower half.
   */
  private static float treeOfSquares(float[] x, int xOffset, int n, int j, int step) {
    if (step == PARTIAL_SUMS) {
      float sum = 0f;
      for (int i = j; i < n; i += PARTIAL_SUMS) {
        sum = Math.fma(x[xOffset + i], x[xOffset + i], sum);
      }
      return sum;
    }
    return treeOfSquares(x, xOffset, n, j, 2 * step)
        + treeOfSquares(x, xOffset, n, j + step, 2 * step);
  }

  /** The same tree over plain sums. */
  private static float treeSum(float[] x, int xOffset, int n, int j, int step) {
    if (step == PARTIAL_SUMS) {
      float sum = 0f;
      for (int i = j; i < n; i += PARTIAL_SUMS) {
        sum += x[xOffset + i];
      }
      return sum;
    }
    return treeSum(x, xOffset, n, j, 2 * step) + treeSum(x, xOffset, n, j + step, 2 * step);
  }

  @Override
  public void add(float[] x, int xOffset, float[] y, int yOffset, int n) {
    for (int i = 0; i < n; i++) {
      x[xOffset + i] += y[yOffset + i];
    }
  }

  @Override
  public void siluMultiply(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = Exponential.silu(gate[gateOffset + i]) * up[upOffset + i];
    }
  }

  @Override
  public void rotate(float[] x, int xOffset, float[] cos, float[] sin, int tableOffset, int half) {
    for (int i = 0; i < half; i++) {
      float first = x[xOffset + i];
      float second = x[xOffset + half + i];
      float c = cos[tableOffset + i];
      float s = sin[tableOffset + i];
      x[xOffset + i] = first * c - second * s;
      x[xOffset + half + i] = second * c + first * s;
    }
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
    AttentionShape shape = cache.shape();
    float[] scores = scratch.scores;
    for (int i = 0; i < numQueries; i++) {
      int numKeys = firstPosition + i + 1;
      for (int head = 0; head < shape.numHeads(); head++) {
        int inRow = head * shape.headDim();
        int keyValueHead = head / shape.group();
        int queryAt = queryOffset + i * queryStride + inRow;
        scores(query, queryAt, cache, keyValueHead, blockTable, numKeys, scores);
        softmax(scores, numKeys, shape.scale());
        int outAt = outOffset + i * outStride + inRow;
        weightedSum(scores, cache, keyValueHead, blockTable, numKeys, out, outAt);
      }
    }
  }

  private static void scores(
      float[] query,
      int queryAt,
      KeyValueBlocks cache,
      int keyValueHead,
      int[] blockTable,
      int numKeys,
      float[] scores) {
    AttentionShape shape = cache.shape();
    for (int key = 0; key < numKeys; key++) {
      int block = blockTable[key / BLOCK_TOKENS];
      float score = 0f;
      for (int d = 0; d < shape.headDim(); d++) {
        float dimension = cache.get(block, shape.keyAt(keyValueHead, key % BLOCK_TOKENS, d));
        score = Math.fma(query[queryAt + d], dimension, score);
      }
      scores[key] = score;
    }
  }

  private void softmax(float[] scores, int numKeys, float scale) {
    float max = scores[0];
    for (int key = 1; key < numKeys; key++) {
      max = Math.max(max, scores[key]);
    }
    float factor = 1f / softmaxNumerators(scores, 0, max, scale, scores, 0, numKeys);
    for (int key = 0; key < numKeys; key++) {
      scores[key] *= factor;
    }
  }

  private static void weightedSum(
      float[] weights,
      KeyValueBlocks cache,
      int keyValueHead,
      int[] blockTable,
      int numKeys,
      float[] out,
      int outAt) {
    AttentionShape shape = cache.shape();
    for (int d = 0; d < shape.headDim(); d++) {
      float sum = 0f;
      for (int key = 0; key < numKeys; key++) {
        int block = blockTable[key / BLOCK_TOKENS];
        float value = cache.get(block, shape.valueAt(keyValueHead, key % BLOCK_TOKENS, d));
        sum = Math.fma(weights[key], value, sum);
      }
      out[outAt + d] = sum;
    }
  }

  @Override
  public void roundToBfloat16(float[] x, int xOffset, int n, int[] pairs, int pairsOffset) {
    roundPairs(x, xOffset, n, pairs, pairsOffset, 0);
  }

  /** The pairs from {@code first} on. */
  static void roundPairs(float[] x, int xOffset, int n, int[] pairs, int pairsOffset, int first) {
    int half = (n + 1) / 2;
    for (int i = first; i < half; i++) {
      float high = half + i < n ? x[xOffset + half + i] : 0f;
      pairs[pairsOffset + i] =
          Float.floatToRawIntBits(PanelDtype.roundToBfloat16(x[xOffset + i])) >>> 16
              | Float.floatToRawIntBits(PanelDtype.roundToBfloat16(high));
    }
  }

  @Override
  public int argmax(float[] x, int xOffset, int n) {
    return argmaxOf(x, xOffset, n);
  }

  static int argmaxOf(float[] x, int xOffset, int n) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      float value = x[xOffset + i];
      float highest = x[xOffset + best];
      if (value > highest || (highest != highest && value == value)) {
        best = i;
      }
    }
    return best;
  }

  @Override
  public float softmaxNumerators(
      float[] x, int xOffset, float max, float scale, float[] out, int outOffset, int n) {
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = Exponential.exp((x[xOffset + i] - max) * scale);
    }
    return treeSum(out, outOffset, n, 0, 1);
  }
}
