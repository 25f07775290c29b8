package org.trlm.engine.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.trlm.engine.request.SamplingParams.Builder;

class SamplingParamsTest {

  @Test
  void whatIsNotAllowedIsNamedWithItsValue() {
    refused(build().temperature(-1), "temperature is -1.0; allowed: 0 (greedy) to 100");
    refused(build().temperature(Double.NaN), "temperature is NaN");
    refused(build().topP(0), "top_p is 0.0");
    refused(build().topK(-1), "top_k is -1");
    refused(build().minP(1.5), "min_p is 1.5");
    refused(build().maxTokens(0), "max_tokens is 0");
    refused(build().maxTokens(4).minTokens(5), "min_tokens is 5; allowed: 0 to max_tokens = 4");
    refused(build().presencePenalty(2.1), "presence_penalty is 2.1; allowed: -2 to 2");
    refused(build().frequencyPenalty(-3), "frequency_penalty is -3.0");
    refused(build().repetitionPenalty(0), "repetition_penalty is 0.0");
    refused(build().repetitionPenalty(Double.NaN), "repetition_penalty is NaN");
    refused(build().allowedTokenIds(), "allowed_token_ids is an empty list");
    refused(build().badWords(List.of(new int[0])), "bad_words is an empty word");
    refused(build().stop(List.of(new byte[0])), "stop is an empty string");
    refused(build().logprobs(21), "logprobs is 21; allowed: 0 to 20");
    refused(build().promptLogprobs(-2), "prompt_logprobs is -2");
    refused(build().promptLogprobs(1, 0), "the start of prompt_logprobs is 0");
    TreeMap<Integer, Double> bias = new TreeMap<>();
    bias.put(7, 101.0);
    refused(build().logitBias(bias), "logit_bias of token 7 is 101.0; allowed: -100 to 100");
  }

  private static Builder build() {
    return SamplingParams.builder();
  }

  private static void refused(Builder params, String message) {
    assertThatIllegalArgumentException().isThrownBy(params::build).withMessageStartingWith(message);
  }

  @Test
  void aCopyIsEqual() {
    SamplingParams params =
        build().temperature(0.5).minTokens(3).logprobs(2).promptLogprobs(1, 4).build();
    assertThat(params.toBuilder().build()).usingRecursiveComparison().isEqualTo(params);
  }

  @Test
  void aPatternHasToFillTheEndOfTheGeneratedTokens() {
    RepetitionDetection threeTimes = new RepetitionDetection(2, 0, 3);
    assertThat(threeTimes.found(new int[] {9, 5, 5, 5}, 1, 4)).isTrue();
    assertThat(threeTimes.found(new int[] {5, 5, 5}, 1, 3)).as("one is the prompt's").isFalse();
    assertThat(threeTimes.found(new int[] {1, 2, 1, 2, 1, 2}, 0, 6)).isTrue();
    assertThat(threeTimes.found(new int[] {1, 2, 1, 2, 1, 2, 3}, 0, 7)).isFalse();
    assertThat(threeTimes.found(new int[] {1, 2, 3, 1, 2, 3, 1, 2, 3}, 0, 9)).isFalse();
    RepetitionDetection pairs = new RepetitionDetection(4, 2, 2);
    assertThat(pairs.found(new int[] {1, 5, 5}, 0, 3)).as("shorter than the shortest").isFalse();
    assertThat(pairs.found(new int[] {1, 2, 3, 1, 2, 3}, 0, 6)).isTrue();
    assertThat(
            new RepetitionDetection(Integer.MAX_VALUE, 1, Integer.MAX_VALUE)
                .found(new int[9], 0, 9))
        .isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RepetitionDetection(3, 4, 2))
        .withMessageContaining("min_pattern_size is 4; allowed: 0 (as 1) to max_pattern_size = 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RepetitionDetection(3, 1, 1))
        .withMessageContaining("min_count is 1; allowed: 2 or more");
  }
}
