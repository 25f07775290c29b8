package org.trlm.job.input;

import java.io.Serializable;
import java.util.Arrays;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.output.RowError;

/**
 * What becomes of a prompt that is long for the model. {@code generate} and {@code inspect} both
 * use it, so that what is foretold is what happens.
 *
 * @param maxModelLen most tokens of prompt and answer together
 * @param policy for prompts that leave no room for one token
 */
public record PromptFit(int maxModelLen, PromptTooLong policy) implements Serializable {

  /**
   * The prompt, or its end, where one token at least can follow it.
   *
   * @param maxTokens asked for as an answer
   * @throws RowRefusedException {@code prompt_too_long}
   */
  public int[] fit(int[] ids, int maxTokens) throws RowRefusedException {
    if (ids.length < maxModelLen) {
      return ids;
    }
    if (policy == PromptTooLong.TRUNCATE_LEFT) {
      // room for the answer, but never more than half of the context
      int answer = Math.min(maxTokens, Math.max(1, maxModelLen / 2));
      return Arrays.copyOfRange(ids, ids.length - (maxModelLen - answer), ids.length);
    }
    throw new RowRefusedException(
        RowError.Code.PROMPT_TOO_LONG,
        "the prompt has %d tokens and max_model_len is %d: at most %d leave room for an answer. Shorten it, or set --prompt-too-long truncate_left."
            .formatted(ids.length, maxModelLen, maxModelLen - 1));
  }
}
