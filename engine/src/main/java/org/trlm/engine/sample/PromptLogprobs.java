package org.trlm.engine.sample;

import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.TokenLogprobs;

/**
 * The log-probabilities of a prompt's tokens from a position on, noted position by position. The
 * samples of one prompt share it: whoever computes the next position notes it, for all of them.
 */
public final class PromptLogprobs {
  private final int[] promptTokenIds;
  private final int start;
  private final LogprobRecorder recorder;
  private TokenLogprobs recorded;

  private PromptLogprobs(int[] promptTokenIds, SamplingParams params) {
    this.promptTokenIds = promptTokenIds;
    this.start = params.promptLogprobsStart();
    this.recorder =
        new LogprobRecorder(params.promptLogprobs(), Math.max(1, promptTokenIds.length - start));
  }

  /** For the prompt of a request; null when its parameters do not ask for it. */
  public static PromptLogprobs of(int[] promptTokenIds, SamplingParams params) {
    return params.promptLogprobs() == SamplingParams.NO_LOGPROBS
        ? null
        : new PromptLogprobs(promptTokenIds, params);
  }

  /**
   * The position whose logits are needed next, one before the token they predict; {@link
   * Integer#MAX_VALUE} when nothing is missing.
   */
  public int nextLogits() {
    int next = start + recorder.size();
    return next < promptTokenIds.length ? next - 1 : Integer.MAX_VALUE;
  }

  /** The token that the logits of a position predict. */
  int tokenAfter(int position) {
    return promptTokenIds[position + 1];
  }

  /** Whether the logits of a position are those that are needed next. */
  public boolean needs(int position) {
    return position == nextLogits();
  }

  LogprobRecorder recorder() {
    return recorder;
  }

  /** What was noted: entry i is the token at position start + i. Called once it is complete. */
  public TokenLogprobs recorded() {
    if (recorded == null) {
      recorded = recorder.recorded();
    }
    return recorded;
  }
}
