package org.trlm.job.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.trlm.tokenizer.Tokenizer;

/** The token sequences that {@code bad_words} stand for. */
final class BadWords {
  private BadWords() {}

  /**
   * Each word as it is written, and once more with a space before it: most vocabularies have a word
   * at the beginning of a text and in its midst as different tokens. Where the space is a token by
   * itself the second form says nothing new. (vLLM also leaves the second one out where it has
   * another number of tokens, and so lets words pass that are one token only with their space.)
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
      if (spaced.length > 0 && !endsIn(spaced, bare)) {
        sequences.add(spaced);
      }
    }
    return sequences;
  }

  private static boolean endsIn(int[] spaced, int[] bare) {
    return bare.length > 0
        && spaced.length >= bare.length
        && Arrays.equals(spaced, spaced.length - bare.length, spaced.length, bare, 0, bare.length);
  }
}
