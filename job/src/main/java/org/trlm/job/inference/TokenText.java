package org.trlm.job.inference;

import org.trlm.tokenizer.Tokenizer;

/**
 * The bytes that each token adds to an answer. Immutable; one per model and JVM, shared by engines
 * and assemblers, so that a stop string is cut where it was found.
 */
final class TokenText {
  private static final byte[] NOTHING = {};

  private final Tokenizer tokenizer;
  private final byte[][] matched;

  /**
   * @param thinkTags ids of special tokens that stay in the text
   */
  TokenText(Tokenizer tokenizer, int... thinkTags) {
    this.tokenizer = tokenizer;
    this.matched = new byte[tokenizer.vocabSize()][];
    for (int id = 0; id < matched.length; id++) {
      matched[id] = tokenizer.isSpecial(id) ? NOTHING : tokenizer.tokenBytes(id);
    }
    for (int tag : thinkTags) {
      matched[tag] = tokenizer.tokenBytes(tag);
    }
  }

  /** What a token adds when special tokens are dropped: also the text that stop strings match. */
  byte[] matched(int id) {
    return id < matched.length ? matched[id] : NOTHING;
  }

  /** What a token adds when nothing is dropped. */
  byte[] complete(int id) {
    return id < matched.length ? tokenizer.tokenBytes(id) : NOTHING;
  }

  /** {@link #matched(int)} of all ids; not copied, never written. */
  byte[][] matched() {
    return matched;
  }
}
