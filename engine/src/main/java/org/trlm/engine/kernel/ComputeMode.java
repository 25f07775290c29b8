package org.trlm.engine.kernel;

import java.util.Locale;

/** How matrix products are computed. */
public enum ComputeMode {
  /** Float32 by the Vector API: the same bits on every machine. */
  EXACT,

  /**
   * Operands rounded to bfloat16, float32 sums, on the CPU's matrix units by a {@link
   * ComputeProvider}. A row's bits do not depend on its batch; they may differ between CPU
   * generations, and from {@link #EXACT}.
   */
  BF16;

  /** As options, manifests and messages spell it. */
  public String spelling() {
    return name().toLowerCase(Locale.ROOT);
  }
}
