package org.trlm.engine.kernel;

/**
 * A weight matrix {@code [numRows outputs][numCols inputs]} in the layout of the provider that
 * packed it. Immutable, shared by all threads; only its own provider can read it.
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
}
