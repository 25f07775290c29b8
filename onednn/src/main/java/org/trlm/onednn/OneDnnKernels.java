package org.trlm.onednn;

import java.lang.ref.Reference;
import java.util.List;
import org.trlm.engine.kernel.AttentionShape;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * Products by oneDNN, everything else by other kernels. Both operands are rounded to bfloat16, sums
 * are float32; a row's bits do not depend on the other rows of a call.
 */
final class OneDnnKernels implements Kernels {

  private final OneDnn library;
  private final Precision precision;
  private final Kernels others;

  OneDnnKernels(OneDnn library, Precision precision, Kernels others) {
    this.library = library;
    this.precision = precision;
    this.others = others;
  }

  @Override
  public String name() {
    return "onednn-" + precision.spelling() + "+" + others.name();
  }

  @Override
  public List<WeightMatrix> pack(List<MatrixRows> matrices) {
    return PackedModel.pack(library, precision, others, matrices);
  }

  @Override
  public void matmul(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      WeightMatrix weights,
      float[] out,
      int outOffset,
      int outStride) {
    PackedMatrix matrix = (PackedMatrix) weights;
    OneDnn.ensureSingleThreaded();
    PackedModel model = matrix.model();
    Scratch scratch = model.acquire();
    try {
      for (int done = 0; done < numTokens; ) {
        done +=
            multiplySome(
                scratch,
                x,
                xOffset + done * xStride,
                xStride,
                numTokens - done,
                matrix,
                out,
                outOffset + done * outStride,
                outStride);
      }
    } finally {
      model.release(scratch);
      Reference.reachabilityFence(model);
    }
  }

  /** Multiplies as many tokens as one padded size takes, and returns how many. */
  private int multiplySome(
      Scratch scratch,
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      PackedMatrix matrix,
      float[] out,
      int outOffset,
      int outStride) {
    int size = matrix.sizeFor(numTokens);
    int count = Math.min(Product.tokens(size), numTokens);
    scratch.load(others, x, xOffset, xStride, count, matrix.numCols(), size);
    List<PackedMatrix.Chunk> chunks = matrix.chunks();
    for (int i = 0; i < chunks.size(); i++) {
      PackedMatrix.Chunk chunk = chunks.get(i);
      int firstRow = i * matrix.rowsPerChunk();
      scratch.multiply(chunk.product(), size, chunk.weights());
      scratch.store(chunk.product(), count, out, outOffset + firstRow, outStride);
    }
    return count;
  }

  @Override
  public void unpackRow(WeightMatrix weights, int row, float[] out, int outOffset) {
    PackedMatrix matrix = (PackedMatrix) weights;
    try {
      matrix.unpackRow(row, out, outOffset);
    } finally {
      Reference.reachabilityFence(matrix);
    }
  }

  @Override
  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float epsilon, float[] out, int outOffset, int n) {
    others.rmsNorm(x, xOffset, weight, epsilon, out, outOffset, n);
  }

  @Override
  public void add(float[] x, int xOffset, float[] y, int yOffset, int n) {
    others.add(x, xOffset, y, yOffset, n);
  }

  @Override
  public void siluMultiply(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    others.siluMultiply(gate, gateOffset, up, upOffset, out, outOffset, n);
  }

  @Override
  public void rotate(float[] x, int xOffset, float[] cos, float[] sin, int tableOffset, int half) {
    others.rotate(x, xOffset, cos, sin, tableOffset, half);
  }

  @Override
  public void attention(
      AttentionShape shape,
      float[] query,
      int queryOffset,
      int queryStride,
      int numQueries,
      int firstPosition,
      float[] cache,
      int cacheOffset,
      int[] blockTable,
      float[] scores,
      float[] out,
      int outOffset,
      int outStride) {
    others.attention(
        shape,
        query,
        queryOffset,
        queryStride,
        numQueries,
        firstPosition,
        cache,
        cacheOffset,
        blockTable,
        scores,
        out,
        outOffset,
        outStride);
  }

  @Override
  public void roundToBfloat16(float[] x, int xOffset, int n, int[] pairs, int pairsOffset) {
    others.roundToBfloat16(x, xOffset, n, pairs, pairsOffset);
  }

  @Override
  public int argmax(float[] x, int xOffset, int n) {
    return others.argmax(x, xOffset, n);
  }

  @Override
  public float softmaxNumerators(
      float[] x, int xOffset, float max, float scale, float[] out, int outOffset, int n) {
    return others.softmaxNumerators(x, xOffset, max, scale, out, outOffset, n);
  }
}
