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
      new GenerationDefaults(0.6, 0.95, null, null, 300, List.of());

  @Test
  void theRowStandsOverOptionsOverTheModelOverDefaults() throws RowRefusedException {
    SamplingOptions options =
        new SamplingOptions(0.3, null, null, null, null, null, null, null, null, null, null);
    SamplingResolver resolver = new SamplingResolver(options, SAMPLES, 100);
    EffectiveSampling row = resolver.resolve(Map.of("top_p", 0.5, "max_new_tokens", 7));
    assertThat(row.temperature()).isEqualTo(0.3);
    assertThat(row.topP()).isEqualTo(0.5);
    assertThat(row.maxTokens()).isEqualTo(7);
    assertThat(resolver.jobLevel().maxTokens()).isEqualTo(300);
    assertThat(resolver.jobLevel().topP()).isEqualTo(0.95);
    assertThat(resolver.jobLevel().seed()).isZero();
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
        "{\"n\": 2} | n is 2",
        "{\"max_tokens\": 1, \"max_new_tokens\": 2} | mean the same parameter",
        "{\"min_tokens\": 1} | min_tokens is not available in this version",
        "{\"topp\": 1} | Did you mean top_p?",
      })
  void whatIsNotAllowedIsNamed(String json, String message) throws Exception {
    SamplingResolver resolver =
        new SamplingResolver(SamplingOptions.NONE, GenerationDefaults.NONE, 100);
    @SuppressWarnings("unchecked")
    Map<String, Object> row = (Map<String, Object>) JsonValues.parse(json);
    assertThatThrownBy(() -> resolver.resolve(row))
        .isInstanceOfSatisfying(
            RowRefusedException.class,
            refused -> assertThat(refused.error().code()).isEqualTo(RowError.Code.PARAMS_INVALID))
        .hasMessageContaining(message);
  }
}
