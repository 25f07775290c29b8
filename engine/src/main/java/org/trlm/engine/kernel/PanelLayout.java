package org.trlm.engine.kernel;

/**
 * How a panel of 64 outputs is cut for the kernels that read it: a row of tiles {@code [64 /
 * tileOutputs][numCols][tileOutputs]}. Results do not depend on it.
 *
 * @param tileOutputs outputs of one tile, a divisor of 64
 * @param pairLanes how far apart the two outputs of a bfloat16 pair are: of every {@code 2 *
 *     pairLanes} outputs, {@code i} is the low half of int {@code i} and {@code pairLanes + i} its
 *     high half, so that one int vector widens to two float vectors by a shift and a mask
 */
record PanelLayout(int tileOutputs, int pairLanes) {

  /**
   * One tile of 64 outputs: the scalar definition, and 512-bit vectors, whose kernel computes a
   * whole panel at a time.
   */
  static final PanelLayout PANELS = new PanelLayout(Kernels.PANEL_OUTPUTS, 16);

  /**
   * Tiles of the two vectors that a kernel of 128 or 256 bits computes at a time, so that it reads
   * one contiguous stream and not a part of each cache line.
   */
  static PanelLayout tiles(int lanes) {
    return new PanelLayout(2 * lanes, lanes);
  }
}
