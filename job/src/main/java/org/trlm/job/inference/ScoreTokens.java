package org.trlm.job.inference;

import org.apache.spark.sql.Row;
import org.trlm.job.input.ChoiceReader;
import org.trlm.job.input.PromptRow;

/**
 * Tokens of a prompt, which its choices share, and of the choices.
 *
 * @param choices reads what is scored after the prompt; null when texts are scored
 */
record ScoreTokens(ChoiceReader choices) implements ExpectedTokens {

  @Override
  public long of(Row input, PromptRow prompt) {
    if (prompt.error() != null) {
      return 0;
    }
    long scored = choices == null ? 0 : ExpectedTokens.ofText(choices.content(input));
    return ExpectedTokens.ofText(prompt.content()) + scored;
  }
}
