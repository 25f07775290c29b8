package org.trlm.engine.sample;

/**
 * Makes the tokens of prompt and answer less likely to come again: positive logits are divided by
 * the penalty, others multiplied with it (Keskar and others, "CTRL", 2019).
 */
final class RepetitionPenalty implements LogitsProcessor {
  private final float penalty;
  private final int[] marks;

  /**
   * @param marks {@code [vocabSize]} zeros, between calls as well; shared by the sequences of an
   *     engine
   */
  RepetitionPenalty(double penalty, int[] marks) {
    this.penalty = (float) penalty;
    this.marks = marks;
  }

  @Override
  public void apply(float[] logits, int[] tokenIds, int numPromptTokens, int numTokens) {
    for (int i = 0; i < numTokens; i++) {
      int token = tokenIds[i];
      if (marks[token]++ == 0) {
        float logit = logits[token];
        if (logit != Float.NEGATIVE_INFINITY) {
          logits[token] = within(logit > 0 ? logit / penalty : logit * penalty);
        }
      }
    }
    for (int i = 0; i < numTokens; i++) {
      marks[tokenIds[i]] = 0;
    }
  }

  /** An extreme penalty may leave float's range; a token that is ruled out stays so. */
  private static float within(float logit) {
    return Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, logit));
  }
}
