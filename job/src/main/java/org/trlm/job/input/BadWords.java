package org.trlm.job.input;

import java.util.ArrayList;
import java.util.List;
import org.trlm.tokenizer.Tokenizer;

/** The token sequences that {@code bad_words} stand for, found as vLLM finds them. */
final class BadWords {
  private BadWords() {}

  /**
   * Each word as it is written, and once more with a space before it if that is another first token
   * and no more tokens: most vocabularies have a word's beginning of a text and its other places as
   * different tokens.
   */
  static List<int[]> tokenIds(List<String> words, Tokenizer tokenizer) {
    List<int[]> sequences = new ArrayList<>();
    for (String word : words) {
      String stripped = word.stripLeading();
      int[] bare = tokenizer.encode(stripped);
      int[] spaced = tokenizer.encode(" " + stripped);
      if (bare.length > 0) {
        sequences.add(bare);
      }
      if (spaced.length > 0
          && (bare.length == 0 || (spaced[0] != bare[0] && spaced.length == bare.length))) {
        sequences.add(spaced);
      }
    }
    return sequences;
  }
}
