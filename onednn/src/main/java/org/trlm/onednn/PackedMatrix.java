package org.trlm.onednn;

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

  void unpackRow(int row, float[] out, int outOffset) {
    Chunk chunk = chunks.get(row / rowsPerChunk);
    chunk.product().readRow(chunk.weights(), row % rowsPerChunk, out, outOffset, numCols);
  }

  /** The token count to compute so many tokens with, or the first of them. */
  int sizeFor(int numTokens) {
    Product ofMost = chunks.get(0).product();
    return ofMost.sizeFor(numTokens, chunks.get(chunks.size() - 1).product());
  }
}
