package org.trlm.engine.sample;

import java.util.Arrays;

/** Leaves only some tokens to choose from. */
final class AllowedTokens implements LogitsProcessor {
  /** Ascending, without duplicates. */
  private final int[] ids;

  AllowedTokens(int[] ids) {
    this.ids = Arrays.stream(ids).distinct().sorted().toArray();
  }

  @Override
  public void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens) {
    int begin = 0;
    for (int id : ids) {
      Arrays.fill(logits, begin, id, Float.NEGATIVE_INFINITY);
      begin = id + 1;
    }
    Arrays.fill(logits, begin, logits.length, Float.NEGATIVE_INFINITY);
  }
}
