package org.trlm.engine.sample;

/**
 * Makes generated tokens less likely to come again: takes a penalty from their logits once
 * (presence) and another one as often as they were generated (frequency). The prompt does not
 * count.
 */
final class FrequencyPenalty implements LogitsProcessor {
  private final float frequencyPenalty;
  private final float presencePenalty;
  private final int[] counts;

  /**
   * @param counts {@code [vocabSize]} zeros, between calls as well; shared by the sequences of an
   *     engine
   */
  FrequencyPenalty(double frequencyPenalty, double presencePenalty, int[] counts) {
    this.frequencyPenalty = (float) frequencyPenalty;
    this.presencePenalty = (float) presencePenalty;
    this.counts = counts;
  }

  @Override
  public void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens) {
    for (int i = numPromptTokens; i < numTokens; i++) {
      counts[tokenIds[i]]++;
    }
    for (int i = numPromptTokens; i < numTokens; i++) {
      int token = tokenIds[i];
      if (counts[token] > 0) {
        logits[token] -= frequencyPenalty * counts[token];
        logits[token] -= presencePenalty;
        counts[token] = 0;
      }
    }
  }
}
