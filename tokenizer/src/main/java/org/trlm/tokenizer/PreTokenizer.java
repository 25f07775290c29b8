package org.trlm.tokenizer;

/** One stage that cuts a piece of text into smaller ones. Immutable and thread-safe. */
interface PreTokenizer {

  /**
   * Appends the spans (start, end) of the pieces of {@code text[start, end)} in order; empty ones
   * may be among them.
   */
  void split(int[] text, int start, int end, IntList spans);
}
