package org.trlm.engine.kernel;

/** How one provider multiplies with panels; see {@link WeightMatrix#multiply}. */
@FunctionalInterface
interface PanelProduct {
  void multiply(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      PanelMatrix matrix,
      float[] out,
      int outOffset,
      int outStride);
}
