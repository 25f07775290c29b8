package org.trlm.engine.model;

import java.io.Serializable;

/** How rotary frequencies are stretched beyond the context a model was first trained on. */
public sealed interface RopeScaling extends Serializable {

  /** Plain rotary embedding. */
  record None() implements RopeScaling {}

  /**
   * Llama 3.1's: long wavelengths are divided by {@code factor}, short ones kept, those between
   * blended. Names and meaning are those of transformers' {@code rope_scaling}.
   */
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {}

  RopeScaling NONE = new None();
}
