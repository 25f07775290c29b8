package org.trlm.engine.model;

/** How the weights are kept in memory. Products are computed in float32 either way. */
public enum WeightDtype {
  /** bfloat16 where the stored tensor is bfloat16, which loses nothing; float32 elsewhere. */
  AUTO,
  FLOAT32,
  /** Half the memory; weights that are not bfloat16 are rounded to it, which changes answers. */
  BFLOAT16
}
