package org.trlm.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.trlm.engine.constraint.TokenRules;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.request.SamplingParams;

/**
 * The tokens kept and their probabilities are those of transformers' logits processors and warpers,
 * chained in our order; {@code make_sampling_goldens.py} wrote what is compared.
 */
class SamplingGoldenTest {
  /** A token less likely than this share of the most likely one is no candidate here. */
  private static final double SMALLEST_SHARE = Candidates.SMALLEST * 1.001;

  @Test
  void keptTokensAndProbabilitiesAreThoseOfTransformers() throws IOException {
    List<String> lines = lines("/golden/sampling.jsonl");
    Map<String, Integer> used = new TreeMap<>();
    for (int i = 1; i < lines.size(); i++) {
      JsonNode golden = new ObjectMapper().readTree(lines.get(i));
      golden.get("params").fieldNames().forEachRemaining(name -> used.merge(name, 1, Integer::sum));
      check("case " + i + ", " + golden.get("params"), golden);
    }
    assertThat(lines.size() - 1).isGreaterThanOrEqualTo(300);
    assertThat(used).hasSize(11);
    assertThat(used.values()).allMatch(count -> count >= 80);
  }

  private static void check(String what, JsonNode golden) {
    int[] logits = ints(golden.get("logits"));
    float[] row = new float[logits.length + 3];
    for (int id = 0; id < logits.length; id++) {
      row[id + 3] = logits[id] / 4096f;
    }
    float[] before = row.clone();
    int[] tokens = ints(golden.get("tokens"));
    Sampler sampler = new Sampler(KernelProvider.scalar(), logits.length);
    SequenceSampling sequence =
        sampler.sequence(
            params(golden.get("params")), 5, ints(golden.get("end_tokens")), TokenRules.none());
    int token =
        sampler.sample(
            row, 3, sequence, tokens, golden.get("prompt_length").intValue(), tokens.length);

    Map<Integer, Double> expected = new TreeMap<>();
    golden
        .get("probabilities")
        .fields()
        .forEachRemaining(e -> expected.put(Integer.valueOf(e.getKey()), e.getValue().asDouble()));
    double most = expected.values().stream().max(Double::compare).orElseThrow();
    expected.values().removeIf(probability -> probability < most * SMALLEST_SHARE);
    Map<Integer, Double> actual = new HashMap<>();
    Candidates candidates = sampler.candidates();
    for (int i = 0; i < candidates.count(); i++) {
      actual.put(candidates.id(i), candidates.probability(i));
    }
    assertThat(actual.keySet()).as(what).isEqualTo(expected.keySet());
    expected.forEach(
        (id, probability) ->
            assertThat(actual.get(id))
                .as(what + ", token " + id)
                .isCloseTo(probability, within(1e-6)));
    assertThat(expected).as(what).containsKey(token);
    assertThat(row).as("the raw logits stay").isEqualTo(before);
  }

  private static SamplingParams params(JsonNode json) {
    SamplingParams.Builder params =
        SamplingParams.builder()
            .temperature(json.get("temperature").asDouble())
            .topP(json.path("top_p").asDouble(1))
            .topK(json.path("top_k").asInt(0))
            .minP(json.path("min_p").asDouble(0))
            .minTokens(json.path("min_tokens").asInt(0))
            .repetitionPenalty(json.path("repetition_penalty").asDouble(1))
            .frequencyPenalty(json.path("frequency_penalty").asDouble(0))
            .presencePenalty(json.path("presence_penalty").asDouble(0));
    TreeMap<Integer, Double> bias = new TreeMap<>();
    json.path("logit_bias")
        .fields()
        .forEachRemaining(e -> bias.put(Integer.valueOf(e.getKey()), e.getValue().asDouble()));
    params.logitBias(bias);
    if (json.has("allowed_token_ids")) {
      params.allowedTokenIds(ints(json.get("allowed_token_ids")));
    }
    List<int[]> words = new ArrayList<>();
    json.path("bad_words").forEach(word -> words.add(ints(word)));
    return params.badWords(words).build();
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).intValue();
    }
    return ints;
  }

  private static List<String> lines(String resource) throws IOException {
    try (InputStream in = SamplingGoldenTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
