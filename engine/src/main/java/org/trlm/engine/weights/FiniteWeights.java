package org.trlm.engine.weights;

/**
 * Counts values that are NaN or infinite while a tensor is packed, and refuses the tensor when
 * there are any: one such weight makes every answer meaningless. The file formats allow them, so
 * this is the model's check. One per tensor, used by one thread.
 */
public final class FiniteWeights {
  private final WeightSource source;
  private final String name;
  private long notFinite;

  public FiniteWeights(WeightSource source, String name) {
    this.source = source;
    this.name = name;
  }

  /** Looks at {@code count} decoded values from index {@code at} on. */
  public void count(float[] values, int at, int count) {
    for (int i = at; i < at + count; i++) {
      // NaN - NaN and Inf - Inf are NaN, everything else minus itself is 0
      if (values[i] - values[i] != 0) {
        notFinite++;
      }
    }
  }

  /**
   * Called when the whole tensor has been looked at.
   *
   * @throws WeightFormatException naming tensor and count when a value was not finite
   */
  public void check() {
    if (notFinite > 0) {
      throw new WeightFormatException(
          source.where()
              + ": tensor "
              + source.tensor(name)
              + " holds "
              + notFinite
              + " values that are NaN or infinite; allowed: finite numbers only. The checkpoint was"
              + " damaged when it was trained, converted or copied: download or convert it again.");
    }
  }
}
