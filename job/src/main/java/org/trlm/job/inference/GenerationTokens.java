package org.trlm.job.inference;

import org.apache.spark.sql.Row;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.input.SamplingResolver;

/**
 * Tokens of a prompt, and of its samples at their greatest length. How long an answer will really
 * be is known to nobody; that it may be longer than another is.
 *
 * @param sampling lays the row's parameters over the job's
 * @param maxModelLen most tokens of one sequence
 */
record GenerationTokens(SamplingResolver sampling, int maxModelLen) implements ExpectedTokens {

  @Override
  public long of(Row input, PromptRow prompt) {
    if (prompt.error() != null) {
      return 0;
    }
    try {
      EffectiveSampling effective = sampling.resolve(prompt.params());
      long asked = Math.min(ExpectedTokens.ofText(prompt.content()), maxModelLen);
      return asked + (long) effective.n() * Math.min(effective.maxTokens(), maxModelLen);
    } catch (RowRefusedException e) {
      return 0;
    }
  }
}
