package org.trlm.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.trlm.engine.request.SamplingParams;

/**
 * The sampling parameters that one row ends up with, after row, options, file and model were laid
 * over each other.
 *
 * @param seed start of the row's random stream
 * @param stop stop strings, each at least one character
 * @param stopTokenIds tokens that end the answer, beside the model's own
 */
public record EffectiveSampling(
    double temperature,
    double topP,
    int topK,
    double minP,
    int maxTokens,
    long seed,
    List<String> stop,
    List<Integer> stopTokenIds,
    boolean ignoreEos,
    boolean includeStopStrInOutput,
    boolean skipSpecialTokens) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  /** What holds where nobody says anything. */
  public static final EffectiveSampling DEFAULT =
      new EffectiveSampling(0, 1, 0, 0, 256, 0, List.of(), List.of(), false, false, true);

  public EffectiveSampling {
    stop = List.copyOf(stop);
    stopTokenIds = List.copyOf(stopTokenIds);
  }

  /** The part that the engine needs. */
  public SamplingParams engineParams() {
    return SamplingParams.builder()
        .temperature(temperature)
        .topP(topP)
        .topK(topK)
        .minP(minP)
        .maxTokens(maxTokens)
        .stopTokenIds(stopTokenIds.stream().mapToInt(Integer::intValue).toArray())
        .stop(stop.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList())
        .ignoreEos(ignoreEos)
        .build();
  }

  /** All effective values, keys sorted: the output column {@code sampling_params}. */
  public String json() {
    return write(values());
  }

  /**
   * The values that change an answer against {@link #DEFAULT}, keys sorted; the seed left out. Part
   * of the request id, so a parameter added later does not change the ids of rows that leave it
   * alone.
   */
  public String canonicalJson() {
    Map<String, Object> different = values();
    different.entrySet().removeAll(DEFAULT.values().entrySet());
    different.put("max_tokens", maxTokens);
    different.remove("seed");
    return write(different);
  }

  /** All effective values by name. */
  public Map<String, Object> values() {
    Map<String, Object> values = new TreeMap<>();
    values.put("temperature", temperature);
    values.put("top_p", topP);
    values.put("top_k", topK);
    values.put("min_p", minP);
    values.put("max_tokens", maxTokens);
    values.put("seed", seed);
    values.put("stop", stop);
    values.put("stop_token_ids", stopTokenIds);
    values.put("ignore_eos", ignoreEos);
    values.put("include_stop_str_in_output", includeStopStrInOutput);
    values.put("skip_special_tokens", skipSpecialTokens);
    return values;
  }

  private static String write(Map<String, Object> values) {
    try {
      return JSON.writeValueAsString(values);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("sampling parameters cannot be written as JSON", e);
    }
  }
}
