package org.trlm.engine.kernel;

/**
 * The packed layout of both providers: panels of 64 outputs, {@code [paddedRows /
 * 64][numCols][64]}, rows past {@code numRows} zero. A float32 panel is floats. A bfloat16 panel is
 * ints, 32 for 64 outputs: int {@code 16 g + i} of a step holds output {@code 32 g + i} in its low
 * half and output {@code 32 g + 16 + i} in its high half, so that one int vector widens to two
 * float vectors by a shift and a mask.
 *
 * @param floats the weights when {@code dtype} is FLOAT32, else null; shared with other matrices
 * @param pairs the weights when {@code dtype} is BFLOAT16, else null; shared with other matrices
 * @param offset where the first panel starts in the array
 */
record PanelMatrix(
    int numRows, int numCols, PanelDtype dtype, float[] floats, int[] pairs, int offset)
    implements WeightMatrix {

  static final int PAIRS_PER_STEP = Kernels.PANEL_OUTPUTS / 2;

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
    return numCols * elementsPerStep(dtype);
  }

  /** Array elements that hold the 64 weights of one k of a panel. */
  static int elementsPerStep(PanelDtype dtype) {
    return dtype == PanelDtype.FLOAT32 ? Kernels.PANEL_OUTPUTS : PAIRS_PER_STEP;
  }

  /** The weight of output {@code row} and input {@code col}, widened. */
  float weight(int row, int col) {
    int panel = offset + row / Kernels.PANEL_OUTPUTS * panelElements();
    int output = row % Kernels.PANEL_OUTPUTS;
    if (dtype == PanelDtype.FLOAT32) {
      return floats[panel + col * Kernels.PANEL_OUTPUTS + output];
    }
    int pair = pairs[panel + col * PAIRS_PER_STEP + output / 32 * 16 + output % 16];
    boolean high = output % 32 >= 16;
    return Float.intBitsToFloat(high ? pair & 0xffff0000 : pair << 16);
  }

  void unpackRow(int row, float[] out, int outOffset) {
    for (int col = 0; col < numCols; col++) {
      out[outOffset + col] = weight(row, col);
    }
  }
}
