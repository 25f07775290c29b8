package org.trlm.engine.sample;

/** Keeps the tokens that would end a sequence from being chosen before it is long enough. */
final class MinTokens implements LogitsProcessor {
  private final int minTokens;
  private final int[][] endTokenIds;

  /**
   * @param endTokenIds lists of tokens that end a sequence
   */
  MinTokens(int minTokens, int[]... endTokenIds) {
    this.minTokens = minTokens;
    this.endTokenIds = endTokenIds;
  }

  @Override
  public void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens) {
    if (numTokens - numPromptTokens < minTokens) {
      for (int[] ids : endTokenIds) {
        for (int id : ids) {
          if (id < logits.length) {
            logits[id] = Float.NEGATIVE_INFINITY;
          }
        }
      }
    }
  }
}
