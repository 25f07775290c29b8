package org.trlm.job.input;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.trlm.engine.request.RepetitionDetection;
import org.trlm.engine.request.SamplingParams;

/**
 * Every sampling parameter that a row, an option or a file can set: its name, its default, and what
 * may be written for it. A new one is a line here, an accessor in {@link EffectiveSampling}, an
 * option in {@code SamplingArguments} and a paragraph of docs/sampling.md.
 */
final class SamplingParameters {

  /** Reads what somebody wrote into the one form in which a value is compared and written. */
  @FunctionalInterface
  private interface Reader {
    Object read(ParameterValue value) throws RowRefusedException;
  }

  /**
   * @param neutral what holds where nobody says anything; null where that is nothing
   */
  private record Parameter(Object neutral, Reader reader) {}

  private static final int MOST_SAMPLES = 1000;

  private static final Map<String, Parameter> PARAMETERS = new LinkedHashMap<>();

  static {
    define("n", 1, v -> (int) v.whole(1, MOST_SAMPLES, "a whole number from 1 to " + MOST_SAMPLES));
    define("temperature", 0.0, v -> v.number(0, 100, "0 (greedy) to 100"));
    define("top_p", 1.0, v -> v.number(Double.MIN_VALUE, 1, "above 0, at most 1"));
    define("top_k", 0, SamplingParameters::topK);
    define("min_p", 0.0, v -> v.number(0, 1, "0 (off) to 1"));
    define("max_tokens", 256, v -> (int) v.whole(1, Integer.MAX_VALUE, "a whole number from 1"));
    define("min_tokens", 0, v -> (int) v.whole(0, Integer.MAX_VALUE, "a whole number from 0"));
    define("seed", 0L, v -> v.whole(Long.MIN_VALUE, Long.MAX_VALUE, "a whole number of 64 bits"));
    define("stop", List.of(), ParameterValue::strings);
    define("stop_token_ids", List.of(), ParameterValue::tokenIds);
    define("ignore_eos", false, ParameterValue::flag);
    define("include_stop_str_in_output", false, ParameterValue::flag);
    define("presence_penalty", 0.0, v -> v.number(-2, 2, "-2 to 2 (0 is off)"));
    define("frequency_penalty", 0.0, v -> v.number(-2, 2, "-2 to 2 (0 is off)"));
    define(
        "repetition_penalty",
        1.0,
        v -> v.number(Float.MIN_NORMAL, Float.MAX_VALUE, "above 0 (1 is off)"));
    define("logit_bias", new TreeMap<Integer, Double>(), v -> v.numbersByTokenId(-100, 100));
    define("allowed_token_ids", null, SamplingParameters::allowedTokenIds);
    define("bad_words", List.of(), ParameterValue::strings);
    define("logprobs", null, SamplingParameters::logprobs);
    define("prompt_logprobs", null, SamplingParameters::logprobs);
    define("skip_special_tokens", true, ParameterValue::flag);
    define("repetition_detection", null, SamplingParameters::repetitionDetection);
    define("structured_outputs", null, StructuredOutputsValue::read);
    define(
        "thinking_token_budget",
        null,
        v -> (int) v.whole(0, Integer.MAX_VALUE, "a whole number from 0 (no thought)"));
  }

  /** Names as other tools spell them, and the name used here. */
  private static final Map<String, String> ALIASES =
      new TreeMap<>(
          Map.of(
              "max_new_tokens", "max_tokens",
              "max_completion_tokens", "max_tokens",
              "min_new_tokens", "min_tokens",
              "num_return_sequences", "n",
              "stop_strings", "stop",
              "top_logprobs", "logprobs"));

  static {
    StructuredOutputsValue.ALIASES.forEach(alias -> ALIASES.put(alias, "structured_outputs"));
  }

  private SamplingParameters() {}

  private static void define(String name, Object neutral, Reader reader) {
    PARAMETERS.put(name, new Parameter(neutral, reader));
  }

  /** The name used here for one that may be another tool's. */
  static String name(String spelled) {
    return ALIASES.getOrDefault(spelled, spelled);
  }

  /** All names of ours. */
  static Set<String> names() {
    return Collections.unmodifiableSet(PARAMETERS.keySet());
  }

  /** Names of other tools. */
  static Set<String> aliases() {
    return ALIASES.keySet();
  }

  /** The defaults by name; nothing where the default is nothing. */
  static SortedMap<String, Object> neutral() {
    SortedMap<String, Object> values = new TreeMap<>();
    PARAMETERS.forEach(
        (name, parameter) -> {
          if (parameter.neutral != null) {
            values.put(name, parameter.neutral);
          }
        });
    return values;
  }

  /**
   * The value in the form that is compared and written; null is nothing.
   *
   * @throws RowRefusedException naming the parameter, the value found and what is allowed
   */
  static Object read(String name, ParameterValue value) throws RowRefusedException {
    return PARAMETERS.get(name).reader.read(value);
  }

  /** vLLM writes "off" as −1, Hugging Face as 0. */
  private static Integer topK(ParameterValue value) throws RowRefusedException {
    String allowed = "a whole number from 1, or 0 or -1 (off)";
    return (int) Math.max(value.whole(-1, Integer.MAX_VALUE, allowed), 0);
  }

  private static List<Integer> allowedTokenIds(ParameterValue value) throws RowRefusedException {
    List<Integer> ids = new ArrayList<>(value.tokenIds());
    if (ids.isEmpty()) {
      throw value.refused("a list of at least one token id");
    }
    return ids;
  }

  /** A number of alternatives; OpenAI's chat interface has true and false beside top_logprobs. */
  private static Integer logprobs(ParameterValue value) throws RowRefusedException {
    if (value.value() instanceof Boolean asked) {
      return asked ? Integer.valueOf(0) : null;
    }
    int most = SamplingParams.MOST_LOGPROBS;
    return (int) value.whole(0, most, "0 to " + most + " alternatives, true (0) or false (off)");
  }

  private static SortedMap<String, Integer> repetitionDetection(ParameterValue value)
      throws RowRefusedException {
    String allowed = "an object of max_pattern_size, min_pattern_size and min_count";
    Map<?, ?> object = value.object(allowed);
    SortedMap<String, Integer> fields = new TreeMap<>();
    for (String field : List.of("max_pattern_size", "min_pattern_size", "min_count")) {
      fields.put(field, value.wholeField(object, field, "a whole number from 0"));
    }
    if (!fields.keySet().containsAll(object.keySet())) {
      throw value.refused(allowed);
    }
    try {
      return repetitionDetection(fields).isOn() ? fields : null;
    } catch (IllegalArgumentException e) {
      throw value.refused(e.getMessage());
    }
  }

  /** The engine's form of it. */
  static RepetitionDetection repetitionDetection(Map<String, Integer> fields) {
    return new RepetitionDetection(
        fields.get("max_pattern_size"), fields.get("min_pattern_size"), fields.get("min_count"));
  }
}
