package org.trlm.onednn;

import java.lang.ref.Reference;
import java.util.List;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * A matrix in oneDNN's layout, cut into chunks of outputs: the products of a chunk are still in a
 * core's cache when they are copied out.
 *
 * @param model what it was packed with, which holds its memory
 * @param rowsPerChunk outputs of every chunk but the last
 */
record PackedMatrix(
    PackedModel model, int numRows, int numCols, int rowsPerChunk, List<Chunk> chunks)
    implements WeightMatrix {

  /** The weights of some outputs. */
  record Chunk(Product product, NativeMemory weights) {}

  @Override
  public int paddedRows() {
    return numRows;
  }

  @Override
  public long bytes() {
    long bytes = 0;
    for (Chunk chunk : chunks) {
      bytes += chunk.weights().bytes();
    }
    return bytes;
  }

  @Override
  public void multiply(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      float[] out,
      int outOffset,
      int outStride) {
    OneDnn.ensureSingleThreaded();
    Scratch scratch = model.acquire();
    try {
      for (int done = 0; done < numTokens; ) {
        int size = sizeFor(numTokens - done);
        int count = Math.min(Product.tokens(size), numTokens - done);
        scratch.load(model.rounding(), x, xOffset + done * xStride, xStride, count, numCols, size);
        multiplyLoaded(scratch, size, count, out, outOffset + done * outStride, outStride);
        done += count;
      }
    } finally {
      model.release(scratch);
      Reference.reachabilityFence(model);
    }
  }

  /** The product of as many tokens as one padded size takes, chunk by chunk. */
  private void multiplyLoaded(
      Scratch scratch, int size, int count, float[] out, int outOffset, int outStride) {
    for (int i = 0; i < chunks.size(); i++) {
      Chunk chunk = chunks.get(i);
      scratch.multiply(chunk.product(), size, chunk.weights());
      scratch.store(chunk.product(), count, out, outOffset + i * rowsPerChunk, outStride);
    }
  }

  @Override
  public void unpackRow(int row, float[] out, int outOffset) {
    Chunk chunk = chunks.get(row / rowsPerChunk);
    try {
      chunk.product().readRow(chunk.weights(), row % rowsPerChunk, out, outOffset, numCols);
    } finally {
      Reference.reachabilityFence(model);
    }
  }

  /** The token count to compute so many tokens with, or the first of them. */
  private int sizeFor(int numTokens) {
    Product ofMost = chunks.get(0).product();
    return ofMost.sizeFor(numTokens, chunks.get(chunks.size() - 1).product());
  }
}
