package org.trlm.engine.kernel;

/**
 * A weight matrix {@code [numRows outputs][numCols inputs]} in the layout of the provider that
 * packed it and multiplies with it. Immutable, shared by all threads.
 */
public interface WeightMatrix {

  /** Outputs of the product. */
  int numRows();

  /** Inputs of the product. */
  int numCols();

  /** {@link #numRows()} rounded up to whole panels: the room an output row needs. */
  int paddedRows();

  /** Bytes of the packed weights. */
  long bytes();

  /**
   * Matrix product {@code out[t][n] = sum over k of x[t][k] * weights[n][k]}.
   *
   * @param x activations {@code [numTokens][numCols]}, rows {@code xStride} apart
   * @param out {@code [numTokens][numRows]}, rows {@code outStride} apart; a row must have room for
   *     {@link #paddedRows()} values, those past {@code numRows} are overwritten with products with
   *     zero weights
   */
  void multiply(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      float[] out,
      int outOffset,
      int outStride);

  /** Copies one row, exactly as packed, to {@code out[0 … numCols)}. */
  void unpackRow(int row, float[] out, int outOffset);
}
