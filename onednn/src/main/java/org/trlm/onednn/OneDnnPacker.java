package org.trlm.onednn;

import java.util.List;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * Packs matrices that oneDNN multiplies with. Both operands are rounded to bfloat16, sums are
 * float32; a row's bits do not depend on the other rows of a call.
 */
record OneDnnPacker(OneDnn library, Precision precision, Kernels others) implements MatrixPacker {

  @Override
  public String name() {
    return "onednn-" + precision.spelling() + "+" + others.name();
  }

  @Override
  public List<WeightMatrix> pack(List<MatrixRows> matrices) {
    return PackedModel.pack(library, precision, others, matrices);
  }
}
