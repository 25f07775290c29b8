package org.trlm.engine.kernel;

/**
 * The loops around the inner kernels of the matrix product on 512-bit vectors; narrower ones have
 * {@link NarrowMatmul}. A sweep takes the panels one after the other, each with all token blocks,
 * so that a panel is read from memory once per sweep and from the cache for every further block.
 * While a panel is in use the next one is touched, because otherwise fetching it would not overlap
 * with computing.
 */
final class VectorMatmul {

  /** Tokens of one inner kernel. */
  private static final int TOKEN_BLOCK = 6;

  /** Activations of one sweep stay in the second-level cache beside a panel. */
  private static final int SWEEP_ACTIVATIONS = 128 * 1024;

  private static final boolean WIDE = VectorShape.LANES == 16;

  /** The layout that {@link #matmul} reads. */
  static final PanelLayout LAYOUT =
      WIDE ? PanelLayout.PANELS : PanelLayout.tiles(VectorShape.LANES);

  /** Keeps the touched elements alive; never read, so that races on it do not matter. */
  private static float touchedFloats;

  private static int touchedPairs;

  private VectorMatmul() {}

  static void matmul(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      PanelMatrix matrix,
      float[] out,
      int outOffset,
      int outStride) {
    if (!WIDE) {
      NarrowMatmul.matmul(x, xOffset, xStride, numTokens, matrix, out, outOffset, outStride);
      return;
    }
    int blocks = Math.max(1, SWEEP_ACTIVATIONS / (matrix.numCols() * TOKEN_BLOCK));
    int tokensPerSweep = blocks * TOKEN_BLOCK;
    for (int first = 0; first < numTokens; first += tokensPerSweep) {
      int tokens = Math.min(tokensPerSweep, numTokens - first);
      int xAt = xOffset + first * xStride;
      int outAt = outOffset + first * outStride;
      for (int panel = 0; panel < matrix.numPanels(); panel++) {
        int panelOut = outAt + panel * Kernels.PANEL_OUTPUTS;
        if (matrix.dtype() == PanelDtype.FLOAT32) {
          floatPanel(x, xAt, xStride, tokens, matrix, panel, out, panelOut, outStride);
        } else {
          pairPanel(x, xAt, xStride, tokens, matrix, panel, out, panelOut, outStride);
        }
      }
    }
  }

  private static void floatPanel(
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      PanelMatrix matrix,
      int panel,
      float[] out,
      int outAt,
      int outStride) {
    int elements = matrix.panelElements();
    int panelAt = matrix.offset() + panel * elements;
    int next = panel + 1 < matrix.numPanels() ? panelAt + elements : panelAt;
    touchedFloats +=
        WideFloat32Panel.multiply(
            x,
            xAt,
            xStride,
            tokens,
            matrix.floats(),
            panelAt,
            matrix.numCols(),
            next,
            out,
            outAt,
            outStride);
  }

  private static void pairPanel(
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      PanelMatrix matrix,
      int panel,
      float[] out,
      int outAt,
      int outStride) {
    int elements = matrix.panelElements();
    int panelAt = matrix.offset() + panel * elements;
    int next = panel + 1 < matrix.numPanels() ? panelAt + elements : panelAt;
    touchedPairs +=
        WideBfloat16Panel.multiply(
            x,
            xAt,
            xStride,
            tokens,
            matrix.pairs(),
            panelAt,
            matrix.numCols(),
            next,
            out,
            outAt,
            outStride);
  }
}
