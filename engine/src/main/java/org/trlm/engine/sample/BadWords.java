package org.trlm.engine.sample;

import java.util.Arrays;
import java.util.List;

/**
 * Keeps token sequences out of the generated text: where all but the last token of one have just
 * been generated, the last one cannot be chosen. As in vLLM the prompt's tokens do not count.
 */
final class BadWords implements LogitsProcessor {
  private final int[][] words;

  BadWords(List<int[]> words) {
    this.words = words.toArray(int[][]::new);
  }

  @Override
  public void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens) {
    for (int[] word : words) {
      int begin = numTokens - (word.length - 1);
      if (begin >= numPromptTokens
          && Arrays.equals(tokenIds, begin, numTokens, word, 0, word.length - 1)) {
        logits[word[word.length - 1]] = Float.NEGATIVE_INFINITY;
      }
    }
  }
}
