package org.trlm.engine.kernel;

/**
 * The packed layout of both providers: panels of 64 outputs, {@code [paddedRows / 64]} of them,
 * rows past {@code numRows} zero, each in the tiles of its {@link PanelLayout}. A bfloat16 weight
 * is half of an int.
 *
 * @param floats the weights when {@code dtype} is FLOAT32, else null; shared with other matrices
 * @param pairs the weights when {@code dtype} is BFLOAT16, else null; shared with other matrices
 * @param offset where the first panel starts in the array
 * @param product multiplies with this layout
 */
record PanelMatrix(
    int numRows,
    int numCols,
    PanelDtype dtype,
    PanelLayout layout,
    float[] floats,
    int[] pairs,
    int offset,
    PanelProduct product)
    implements WeightMatrix {

  static long paddedRows(long numRows) {
    return (numRows + Kernels.PANEL_OUTPUTS - 1) / Kernels.PANEL_OUTPUTS * Kernels.PANEL_OUTPUTS;
  }

  @Override
  public int paddedRows() {
    return (int) paddedRows(numRows);
  }

  @Override
  public long bytes() {
    return MatrixRows.packedBytes(numRows, numCols, dtype);
  }

  int numPanels() {
    return paddedRows() / Kernels.PANEL_OUTPUTS;
  }

  /** Array elements of one panel. */
  int panelElements() {
    return numCols * elementsPerStep(dtype, Kernels.PANEL_OUTPUTS);
  }

  /** Array elements of one tile. */
  int tileElements() {
    return numCols * tileStep();
  }

  /** Array elements from one k of a tile to the next. */
  int tileStep() {
    return elementsPerStep(dtype, layout.tileOutputs());
  }

  /** Array elements that hold the weights of some outputs at one k. */
  static int elementsPerStep(PanelDtype dtype, int outputs) {
    return dtype == PanelDtype.FLOAT32 ? outputs : outputs / 2;
  }

  /** Where the weight of output {@code row} and input 0 is; the next input's is a step further. */
  int elementOf(int row) {
    int inPanel = row % Kernels.PANEL_OUTPUTS;
    int tile =
        offset
            + row / Kernels.PANEL_OUTPUTS * panelElements()
            + inPanel / layout.tileOutputs() * tileElements();
    int inTile = inPanel % layout.tileOutputs();
    if (dtype == PanelDtype.FLOAT32) {
      return tile + inTile;
    }
    int lanes = layout.pairLanes();
    return tile + inTile / (2 * lanes) * lanes + inTile % lanes;
  }

  /** Whether a bfloat16 weight of that output is the high half of its pair. */
  boolean isHighHalf(int row) {
    return row % (2 * layout.pairLanes()) >= layout.pairLanes();
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
    product.multiply(x, xOffset, xStride, numTokens, this, out, outOffset, outStride);
  }

  @Override
  public void unpackRow(int row, float[] out, int outOffset) {
    int element = elementOf(row);
    int step = tileStep();
    boolean high = isHighHalf(row);
    for (int col = 0; col < numCols; col++, element += step) {
      out[outOffset + col] =
          dtype == PanelDtype.FLOAT32 ? floats[element] : widened(pairs[element], high);
    }
  }

  private static float widened(int pair, boolean high) {
    return Float.intBitsToFloat(high ? pair & 0xffff0000 : pair << 16);
  }
}
