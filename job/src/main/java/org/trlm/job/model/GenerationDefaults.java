package org.trlm.job.model;

import java.io.Serializable;
import java.util.List;

/**
 * The sampling values that a model's own generation_config.json proposes; null where it says
 * nothing. {@code do_sample: true} takes the values listed (temperature 1 if unlisted); false or
 * absent means temperature 0 and the values that only matter when sampling are null.
 *
 * @param maxTokens from max_new_tokens
 * @param eosTokenIds from eos_token_id, a number or a list; empty when absent
 */
public record GenerationDefaults(
    Double temperature,
    Double topP,
    Integer topK,
    Double minP,
    Integer maxTokens,
    List<Integer> eosTokenIds)
    implements Serializable {

  /** A model without a generation_config.json: greedy. */
  public static final GenerationDefaults NONE =
      new GenerationDefaults(null, null, null, null, null, List.of());

  public GenerationDefaults {
    eosTokenIds = List.copyOf(eosTokenIds);
  }
}
