package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.trlm.engine.request.RepetitionDetection;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.tokenizer.Tokenizer;

/**
 * The sampling parameters that one row ends up with, after row, options, file and model were laid
 * over each other.
 *
 * @param values every parameter by name, in the forms of {@link SamplingParameters}; those that are
 *     off and have no number for it are absent
 */
public record EffectiveSampling(SortedMap<String, Object> values) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  /** What holds where nobody says anything. */
  public static final EffectiveSampling DEFAULT =
      new EffectiveSampling(SamplingParameters.neutral());

  public EffectiveSampling {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** Answers to give. */
  public int n() {
    return (int) values.get("n");
  }

  public double temperature() {
    return (double) values.get("temperature");
  }

  public double topP() {
    return (double) values.get("top_p");
  }

  public int maxTokens() {
    return (int) values.get("max_tokens");
  }

  public int minTokens() {
    return (int) values.get("min_tokens");
  }

  /** Start of the row's random stream. */
  public long seed() {
    return (long) values.get("seed");
  }

  public boolean includeStopStrInOutput() {
    return (boolean) values.get("include_stop_str_in_output");
  }

  public boolean skipSpecialTokens() {
    return (boolean) values.get("skip_special_tokens");
  }

  /**
   * The part that the engine needs.
   *
   * @param tokenizer of the model, for the tokens of bad words
   */
  @SuppressWarnings("unchecked") // SamplingParameters puts these types there
  public SamplingParams engineParams(Tokenizer tokenizer) {
    List<String> stop = (List<String>) values.get("stop");
    Map<String, Integer> repetition = (Map<String, Integer>) values.get("repetition_detection");
    return SamplingParams.builder()
        .temperature(temperature())
        .topP(topP())
        .topK((int) values.get("top_k"))
        .minP((double) values.get("min_p"))
        .maxTokens(maxTokens())
        .minTokens(minTokens())
        .stopTokenIds(ints(values.get("stop_token_ids")))
        .stop(stop.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList())
        .ignoreEos((boolean) values.get("ignore_eos"))
        .presencePenalty((double) values.get("presence_penalty"))
        .frequencyPenalty((double) values.get("frequency_penalty"))
        .repetitionPenalty((double) values.get("repetition_penalty"))
        .logitBias((SortedMap<Integer, Double>) values.get("logit_bias"))
        .allowedTokenIds(ints(values.get("allowed_token_ids")))
        .badWords(BadWords.tokenIds((List<String>) values.get("bad_words"), tokenizer))
        .logprobs(alternatives("logprobs"))
        .promptLogprobs(alternatives("prompt_logprobs"))
        .repetitionDetection(
            repetition == null
                ? RepetitionDetection.OFF
                : SamplingParameters.repetitionDetection(repetition))
        .structuredOutputs(structuredOutputs())
        .thinkingTokenBudget(
            (int) values.getOrDefault("thinking_token_budget", SamplingParams.NO_THINKING_BUDGET))
        .build();
  }

  /** What the content must look like; null when it may be anything. */
  StructuredOutputs structuredOutputs() {
    return StructuredOutputsValue.toEngine((ObjectNode) values.get("structured_outputs"));
  }

  private int alternatives(String name) {
    return (int) values.getOrDefault(name, SamplingParams.NO_LOGPROBS);
  }

  @SuppressWarnings("unchecked")
  private static int[] ints(Object list) {
    return list == null
        ? null
        : ((Collection<Integer>) list).stream().mapToInt(Integer::intValue).toArray();
  }

  /** All effective values, keys sorted: the output column {@code sampling_params}. */
  public String json() {
    return write(values);
  }

  /**
   * The values that change an answer against {@link #DEFAULT}, keys sorted; the seed left out. Part
   * of the request id, so a parameter added later does not change the ids of rows that leave it
   * alone.
   */
  public String canonicalJson() {
    Map<String, Object> different = keyValues();
    different.remove("seed");
    return write(different);
  }

  /** The values that change an answer against {@link #DEFAULT}, by name, and the seed. */
  public Map<String, Object> keyValues() {
    Map<String, Object> different = new TreeMap<>(values);
    different.entrySet().removeAll(DEFAULT.values.entrySet());
    different.put("max_tokens", maxTokens());
    different.put("seed", seed());
    return different;
  }

  private static String write(Map<String, Object> values) {
    try {
      return JSON.writeValueAsString(values);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("sampling parameters cannot be written as JSON", e);
    }
  }
}
