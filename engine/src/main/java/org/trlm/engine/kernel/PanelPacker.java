package org.trlm.engine.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Packs matrices into {@link PanelMatrix} panels. Matrices share arrays of about 256 MB: few large
 * arrays waste less at the ends of heap regions, and an array that is humongous for G1 starts at a
 * region's start, which makes panels that begin at {@link #FIRST_ELEMENT} aligned to cache lines.
 */
final class PanelPacker {

  /** Elements follow a 16-byte header, so element 12 is the first at a multiple of 64 bytes. */
  static final int FIRST_ELEMENT = 12;

  private static final long SLAB_ELEMENTS = 1 << 26;
  private static final long MAX_ELEMENTS = Integer.MAX_VALUE - 64L;

  private PanelPacker() {}

  static List<WeightMatrix> pack(
      List<MatrixRows> matrices, PanelLayout layout, PanelProduct product) {
    WeightMatrix[] packed = new WeightMatrix[matrices.size()];
    for (PanelDtype dtype : PanelDtype.values()) {
      List<Integer> slab = new ArrayList<>();
      long elements = FIRST_ELEMENT;
      for (int i = 0; i < packed.length; i++) {
        if (matrices.get(i).dtype() != dtype) {
          continue;
        }
        long needed = checkedElements(matrices.get(i));
        if (!slab.isEmpty() && elements + needed > SLAB_ELEMENTS) {
          packSlab(matrices, slab, dtype, layout, product, elements, packed);
          slab.clear();
          elements = FIRST_ELEMENT;
        }
        slab.add(i);
        elements += needed;
      }
      if (!slab.isEmpty()) {
        packSlab(matrices, slab, dtype, layout, product, elements, packed);
      }
    }
    return List.of(packed);
  }

  private static long checkedElements(MatrixRows matrix) {
    long elements =
        PanelMatrix.paddedRows(matrix.numRows())
            / Kernels.PANEL_OUTPUTS
            * PanelMatrix.elementsPerStep(matrix.dtype(), Kernels.PANEL_OUTPUTS);
    if (elements > (MAX_ELEMENTS - FIRST_ELEMENT) / matrix.numCols()) {
      throw new IllegalArgumentException(
          matrix.label()
              + ": a weight matrix must fit one Java array of "
              + MAX_ELEMENTS
              + " elements, found "
              + matrix.numRows()
              + " x "
              + matrix.numCols()
              + " in "
              + matrix.dtype());
    }
    return elements * matrix.numCols();
  }

  private static void packSlab(
      List<MatrixRows> matrices,
      List<Integer> slab,
      PanelDtype dtype,
      PanelLayout layout,
      PanelProduct product,
      long elements,
      WeightMatrix[] packed) {
    float[] floats = dtype == PanelDtype.FLOAT32 ? new float[(int) elements] : null;
    int[] pairs = dtype == PanelDtype.BFLOAT16 ? new int[(int) elements] : null;
    int offset = FIRST_ELEMENT;
    for (int i : slab) {
      MatrixRows source = matrices.get(i);
      PanelMatrix matrix =
          new PanelMatrix(
              source.numRows(), source.numCols(), dtype, layout, floats, pairs, offset, product);
      fill(matrix, source);
      packed[i] = matrix;
      offset += matrix.numPanels() * matrix.panelElements();
    }
  }

  private static void fill(PanelMatrix matrix, MatrixRows source) {
    float[] row = new float[matrix.numCols()];
    for (int n = 0; n < matrix.numRows(); n++) {
      source.reader().read(n, row, 0);
      int first = matrix.elementOf(n);
      int step = matrix.tileStep();
      if (matrix.dtype() == PanelDtype.FLOAT32) {
        for (int k = 0; k < row.length; k++) {
          matrix.floats()[first + k * step] = row[k];
        }
      } else {
        fillHalves(matrix.pairs(), first, step, matrix.isHighHalf(n), row);
      }
    }
  }

  private static void fillHalves(int[] pairs, int first, int step, boolean high, float[] row) {
    for (int k = 0; k < row.length; k++) {
      int bits = Float.floatToRawIntBits(PanelDtype.roundToBfloat16(row[k]));
      pairs[first + k * step] |= high ? bits : bits >>> 16;
    }
  }
}
