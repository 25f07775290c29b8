package org.trlm.engine.sample;

/**
 * One step from the model's logits to those that a token is drawn from: a parameter that is not
 * neutral, for one sequence. Runs in every step of its sequence and makes no objects there.
 */
interface LogitsProcessor {
  /**
   * Changes the logits of the next token.
   *
   * @param logits {@code [vocabSize]}; negative infinity where the token must not be chosen
   * @param tokenIds of the sequence by position, prompt first
   * @param numPromptTokens how many of them are the prompt
   * @param numTokens how many are known
   */
  void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens);
}
