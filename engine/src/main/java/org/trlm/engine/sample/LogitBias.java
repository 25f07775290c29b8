package org.trlm.engine.sample;

import java.util.SortedMap;

/** Adds a number to the logits of some tokens. */
final class LogitBias implements LogitsProcessor {
  private final int[] ids;
  private final float[] biases;

  LogitBias(SortedMap<Integer, Double> biasByToken) {
    ids = biasByToken.keySet().stream().mapToInt(Integer::intValue).toArray();
    biases = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      biases[i] = biasByToken.get(ids[i]).floatValue();
    }
  }

  @Override
  public void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens) {
    for (int i = 0; i < ids.length; i++) {
      logits[ids[i]] += biases[i];
    }
  }
}
