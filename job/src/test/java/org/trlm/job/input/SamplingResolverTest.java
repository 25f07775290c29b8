package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.model.GenerationDefaults;
import org.trlm.job.output.RowError;

class SamplingResolverTest {
  private static final GenerationDefaults SAMPLES =
      new GenerationDefaults(0.6, 0.95, null, null, 300, 1.1, List.of());

  @Test
  void theRowStandsOverOptionsOverTheModelOverDefaults() throws RowRefusedException {
    SamplingOptions options = SamplingOptions.of(Map.of("temperature", 0.3));
    SamplingResolver resolver = new SamplingResolver(options, SAMPLES, 100);
    EffectiveSampling row = resolver.resolve(Map.of("top_p", 0.5, "max_new_tokens", 7));
    assertThat(row.temperature()).isEqualTo(0.3);
    assertThat(row.topP()).isEqualTo(0.5);
    assertThat(row.maxTokens()).isEqualTo(7);
    assertThat(resolver.jobLevel().maxTokens()).isEqualTo(300);
    assertThat(resolver.jobLevel().topP()).isEqualTo(0.95);
    assertThat(resolver.jobLevel().seed()).isZero();
    assertThat(resolver.jobLevel().values()).containsEntry("repetition_penalty", 1.1);
    assertThat(new SamplingResolver(SamplingOptions.NONE, GenerationDefaults.NONE, 100).jobLevel())
        .isEqualTo(EffectiveSampling.DEFAULT);
  }

  @Test
  void onlyWhatDiffersFromNeutralIsInTheKey() throws RowRefusedException {
    SamplingResolver resolver =
        new SamplingResolver(SamplingOptions.NONE, GenerationDefaults.NONE, 100);
    assertThat(resolver.resolve(Map.of("seed", 5, "top_k", -1)).canonicalJson())
        .isEqualTo("{\"max_tokens\":256}");
    assertThat(resolver.resolve(Map.of("stop", "x")).canonicalJson())
        .isEqualTo("{\"max_tokens\":256,\"stop\":[\"x\"]}");
  }

  @Test
  void otherToolsNamesAndFormsAreRead() throws Exception {
    SamplingResolver resolver =
        new SamplingResolver(SamplingOptions.NONE, GenerationDefaults.NONE, 100);
    Map<String, Object> row =
        parameters(
            """
            {"max_completion_tokens": 9, "min_new_tokens": 2, "num_return_sequences": 3,
             "stop_strings": ["x"], "logprobs": true, "top_logprobs": 5, "temperature": 0.5,
             "logit_bias": "{\\"7\\": -200, \\"3\\": 1}", "prompt_logprobs": false,
             "repetition_detection": {"max_pattern_size": 4, "min_count": 3}}
            """);
    assertThat(resolver.resolve(row).canonicalJson())
        .isEqualTo(
            "{\"logit_bias\":{\"3\":1.0,\"7\":-100.0},\"logprobs\":5,\"max_tokens\":9,\"min_tokens\":2,"
                + "\"n\":3,\"repetition_detection\":{\"max_pattern_size\":4,\"min_count\":3,"
                + "\"min_pattern_size\":0},\"stop\":[\"x\"],\"temperature\":0.5}");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> parameters(String json) throws Exception {
    return (Map<String, Object>) JsonValues.parse(json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"temperature\": -0.5} | temperature is -0.5",
        "{\"temperature\": \"NaN\"} | temperature is 'NaN'",
        "{\"top_p\": 0} | top_p is 0",
        "{\"top_p\": 1.5} | top_p is 1.5",
        "{\"top_k\": -2} | top_k is -2",
        "{\"top_k\": 1.5} | top_k is 1.5",
        "{\"min_p\": 2} | min_p is 2",
        "{\"max_tokens\": 0} | max_tokens is 0",
        "{\"max_tokens\": 1e12} | max_tokens is 1.0E12",
        "{\"seed\": \"a\"} | seed is 'a'",
        "{\"stop\": [\"\"]} | stop is []",
        "{\"stop\": 4} | stop is 4",
        "{\"stop_token_ids\": [100]} | stop_token_ids is 100",
        "{\"ignore_eos\": 1} | ignore_eos is 1",
        "{\"n\": 2} | n is 2 and temperature is 0 (greedy)",
        "{\"n\": 0} | n is 0",
        "{\"min_tokens\": 300} | min_tokens is 300; allowed: 0 to max_tokens, which is 256",
        "{\"min_tokens\": -1} | min_tokens is -1",
        "{\"presence_penalty\": 2.5} | presence_penalty is 2.5; allowed: a number, -2 to 2",
        "{\"frequency_penalty\": \"x\"} | frequency_penalty is 'x'",
        "{\"repetition_penalty\": 0} | repetition_penalty is 0; allowed: a number, above 0",
        "{\"logit_bias\": {\"100\": 1}} | logit_bias is '100'; allowed: token ids from 0 to 99",
        "{\"logit_bias\": {\"5\": true}} | logit_bias is true",
        "{\"logit_bias\": [5]} | logit_bias is [5]",
        "{\"allowed_token_ids\": []} | allowed_token_ids is []",
        "{\"allowed_token_ids\": [3, -1]} | allowed_token_ids is -1",
        "{\"bad_words\": [\"a\", \"\"]} | bad_words is [a, ]",
        "{\"logprobs\": 21} | logprobs is 21; allowed: 0 to 20",
        "{\"logprobs\": -1} | logprobs is -1",
        "{\"prompt_logprobs\": 0.5} | prompt_logprobs is 0.5",
        "{\"logprobs\": false, \"top_logprobs\": 2} | mean the same parameter",
        "{\"repetition_detection\": {\"max_pattern_size\": 4}} | min_count is 0; allowed: 2 or more",
        "{\"repetition_detection\": {\"size\": 4}} | allowed: an object of max_pattern_size",
        "{\"repetition_detection\": {\"min_count\": -4}} | repetition_detection.min_count is -4",
        "{\"repetition_detection\": \"{\"} | repetition_detection is '{'",
        "{\"max_tokens\": 1, \"max_new_tokens\": 2} | mean the same parameter",
        "{\"best_of\": 1} | best_of is not available in this version",
        "{\"topp\": 1} | Did you mean top_p?",
      })
  void whatIsNotAllowedIsNamed(String json, String message) throws Exception {
    SamplingResolver resolver =
        new SamplingResolver(SamplingOptions.NONE, GenerationDefaults.NONE, 100);
    Map<String, Object> row = parameters(json);
    assertThatThrownBy(() -> resolver.resolve(row))
        .isInstanceOfSatisfying(
            RowRefusedException.class,
            refused -> assertThat(refused.error().code()).isEqualTo(RowError.Code.PARAMS_INVALID))
        .hasMessageContaining(message);
  }
}
