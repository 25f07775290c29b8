package org.trlm.engine.kernel;

import java.util.Objects;

/**
 * A matrix to be packed: its shape, and where its rows come from.
 *
 * @param label name for messages, for example the tensor's name in the checkpoint
 * @param numRows outputs, at least 1
 * @param numCols inputs, at least 1
 * @param dtype how the packed weights are stored
 * @param reader gives the rows as float32
 */
public record MatrixRows(
    String label, int numRows, int numCols, PanelDtype dtype, RowReader reader) {

  public MatrixRows {
    Objects.requireNonNull(label, "label");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(reader, "reader");
    if (numRows < 1 || numCols < 1) {
      throw new IllegalArgumentException(
          label
              + ": a matrix has at least one row and one column, found "
              + numRows
              + " x "
              + numCols);
    }
  }

  /** Bytes of this matrix once packed, rows rounded up to whole panels. */
  public static long packedBytes(long numRows, long numCols, PanelDtype dtype) {
    return PanelMatrix.paddedRows(numRows) * numCols * dtype.bytes();
  }

  /** Reads row {@code row} into {@code into[at … at + numCols)}. */
  @FunctionalInterface
  public interface RowReader {
    void read(int row, float[] into, int at);
  }
}
