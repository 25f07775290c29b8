package org.trlm.job.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.Words;
import org.trlm.job.model.GenerationDefaults;
import org.trlm.job.output.RowError;

/**
 * Lays sampling parameters over each other: row over options and file, over the model's own
 * generation_config.json, over our defaults. Built once on the driver, where it checks the
 * job-level values; called once a row on the executors, from any thread.
 */
public final class SamplingResolver implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Names as other tools spell them, and the name used here. */
  private static final Map<String, String> ALIASES =
      Map.of("max_new_tokens", "max_tokens", "max_completion_tokens", "max_tokens");

  /** Parameters of this version, under their own names. */
  private static final List<String> AVAILABLE =
      List.of(
          "n",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "max_tokens",
          "seed",
          "stop",
          "stop_token_ids",
          "ignore_eos",
          "include_stop_str_in_output",
          "skip_special_tokens");

  /** Parameters that users of vLLM know and this version does not have. */
  private static final List<String> NOT_AVAILABLE =
      List.of(
          "min_tokens",
          "presence_penalty",
          "frequency_penalty",
          "repetition_penalty",
          "logit_bias",
          "allowed_token_ids",
          "bad_words",
          "logprobs",
          "prompt_logprobs",
          "structured_outputs",
          "thinking_token_budget",
          "repetition_detection",
          "best_of");

  /** The values of a row without any of its own. */
  private final transient EffectiveSampling base;

  private final SamplingOptions options;
  private final GenerationDefaults defaults;
  private final int vocabSize;

  /**
   * @param vocabSize token ids in stop_token_ids are below it
   * @throws IllegalArgumentException when a job-level value is not allowed, naming the parameter
   */
  public SamplingResolver(SamplingOptions options, GenerationDefaults defaults, int vocabSize) {
    this.options = options;
    this.defaults = defaults;
    this.vocabSize = vocabSize;
    Draft draft = new Draft(EffectiveSampling.DEFAULT, vocabSize);
    try {
      draft.layer("generation_config.json", layerOf(defaults));
      draft.layer("the job's options", layerOf(options));
      this.base = draft.build();
    } catch (RowRefusedException e) {
      throw new IllegalArgumentException(e.getMessage());
    }
  }

  /** The values of a row without any of its own: what the run manifest shows. */
  public EffectiveSampling jobLevel() {
    return base;
  }

  /**
   * @param row the row's own values as JSON gives them, null values standing for absent ones; null
   *     when the row has none
   * @throws RowRefusedException {@code params_invalid}, naming parameter, value and what is allowed
   */
  public EffectiveSampling resolve(Map<String, Object> row) throws RowRefusedException {
    if (row == null || row.isEmpty()) {
      return base;
    }
    Draft draft = new Draft(base, vocabSize);
    draft.layer("the row's parameters", row);
    return draft.build();
  }

  private Object readResolve() {
    return new SamplingResolver(options, defaults, vocabSize);
  }

  private static Map<String, Object> layerOf(GenerationDefaults defaults) {
    Map<String, Object> layer = new TreeMap<>();
    layer.put("temperature", defaults.temperature());
    layer.put("top_p", defaults.topP());
    layer.put("top_k", defaults.topK());
    layer.put("min_p", defaults.minP());
    layer.put("max_tokens", defaults.maxTokens());
    return layer;
  }

  private static Map<String, Object> layerOf(SamplingOptions options) {
    Map<String, Object> layer = new TreeMap<>();
    layer.put("temperature", options.temperature());
    layer.put("top_p", options.topP());
    layer.put("top_k", options.topK());
    layer.put("min_p", options.minP());
    layer.put("max_tokens", options.maxTokens());
    layer.put("seed", options.seed());
    layer.put("stop", options.stop());
    layer.put("stop_token_ids", options.stopTokenIds());
    layer.put("ignore_eos", options.ignoreEos());
    layer.put("include_stop_str_in_output", options.includeStopStrInOutput());
    layer.put("skip_special_tokens", options.skipSpecialTokens());
    return layer;
  }

  /** The values while layers are laid over them. */
  private static final class Draft {
    private double temperature;
    private double topP;
    private int topK;
    private double minP;
    private int maxTokens;
    private long seed;
    private List<String> stop;
    private List<Integer> stopTokenIds;
    private boolean ignoreEos;
    private boolean includeStopStrInOutput;
    private boolean skipSpecialTokens;

    private final int vocabSize;
    private String source = "";

    Draft(EffectiveSampling from, int vocabSize) {
      this.vocabSize = vocabSize;
      temperature = from.temperature();
      topP = from.topP();
      topK = from.topK();
      minP = from.minP();
      maxTokens = from.maxTokens();
      seed = from.seed();
      stop = from.stop();
      stopTokenIds = from.stopTokenIds();
      ignoreEos = from.ignoreEos();
      includeStopStrInOutput = from.includeStopStrInOutput();
      skipSpecialTokens = from.skipSpecialTokens();
    }

    EffectiveSampling build() {
      return new EffectiveSampling(
          temperature,
          topP,
          topK,
          minP,
          maxTokens,
          seed,
          stop,
          stopTokenIds,
          ignoreEos,
          includeStopStrInOutput,
          skipSpecialTokens);
    }

    void layer(String source, Map<String, Object> values) throws RowRefusedException {
      this.source = source;
      Map<String, String> given = new TreeMap<>();
      for (Map.Entry<String, Object> entry : values.entrySet()) {
        if (entry.getValue() == null) {
          continue;
        }
        String name = ALIASES.getOrDefault(entry.getKey(), entry.getKey());
        String twin = given.put(name, entry.getKey());
        if (twin != null) {
          throw new RowRefusedException(
              RowError.Code.PARAMS_INVALID,
              "%s: %s and %s mean the same parameter; give one of them."
                  .formatted(source, twin, entry.getKey()));
        }
        set(name, entry.getKey(), entry.getValue());
      }
    }

    private void set(String name, String spelled, Object value) throws RowRefusedException {
      switch (name) {
        case "temperature" -> temperature = number(spelled, value, 0, 100, "0 (greedy) to 100");
        case "top_p" -> topP = number(spelled, value, Double.MIN_VALUE, 1, "above 0, at most 1");
        case "top_k" -> topK = topK(spelled, value);
        case "min_p" -> minP = number(spelled, value, 0, 1, "0 (off) to 1");
        case "max_tokens" ->
            maxTokens = (int) whole(spelled, value, 1, Integer.MAX_VALUE, "a whole number from 1");
        case "seed" ->
            seed =
                whole(spelled, value, Long.MIN_VALUE, Long.MAX_VALUE, "a whole number of 64 bits");
        case "stop" -> stop = stopStrings(spelled, value);
        case "stop_token_ids" -> stopTokenIds = tokenIds(spelled, value);
        case "ignore_eos" -> ignoreEos = flag(spelled, value);
        case "include_stop_str_in_output" -> includeStopStrInOutput = flag(spelled, value);
        case "skip_special_tokens" -> skipSpecialTokens = flag(spelled, value);
        case "n" -> whole(spelled, value, 1, 1, "1 (this version gives one answer a row)");
        default -> throw unknown(spelled);
      }
    }

    private RowRefusedException unknown(String name) {
      if (NOT_AVAILABLE.contains(name)) {
        return new RowRefusedException(
            RowError.Code.PARAMS_INVALID,
            "%s: %s is not available in this version; remove it. Available: %s."
                .formatted(source, name, available()));
      }
      TreeSet<String> known = new TreeSet<>(ALIASES.keySet());
      known.addAll(AVAILABLE);
      String hint =
          Words.nearest(name, known)
              .map(nearest -> "Did you mean %s? ".formatted(nearest))
              .orElse("");
      return new RowRefusedException(
          RowError.Code.PARAMS_INVALID,
          "%s: %s is not a sampling parameter. %sAvailable: %s."
              .formatted(source, Words.shorten(name), hint, available()));
    }

    private static String available() {
      return String.join(", ", AVAILABLE);
    }

    private RowRefusedException refused(String name, Object found, String allowed) {
      String shown =
          found instanceof String text ? "'" + Words.shorten(text) + "'" : String.valueOf(found);
      return new RowRefusedException(
          RowError.Code.PARAMS_INVALID,
          "%s: %s is %s; allowed: %s.".formatted(source, name, Words.shorten(shown), allowed));
    }

    private double number(String name, Object value, double least, double most, String allowed)
        throws RowRefusedException {
      if (value instanceof Number number) {
        // through text, so that a float column's 0.7 is 0.7 and not 0.699999988
        double found =
            value instanceof Float ? Double.parseDouble(value.toString()) : number.doubleValue();
        if (found >= least && found <= most) {
          return found == 0 ? 0 : found;
        }
      }
      throw refused(name, value, "a number, " + allowed);
    }

    private long whole(String name, Object value, long least, long most, String allowed)
        throws RowRefusedException {
      if (value instanceof Number number && JsonValues.isWhole(number)) {
        long found = number.longValue();
        if (found >= least && found <= most) {
          return found;
        }
      }
      throw refused(name, value, allowed);
    }

    /** vLLM writes "off" as −1, Hugging Face as 0. */
    private int topK(String name, Object value) throws RowRefusedException {
      long found =
          whole(name, value, -1, Integer.MAX_VALUE, "a whole number from 1, or 0 or -1 (off)");
      return (int) Math.max(found, 0);
    }

    private boolean flag(String name, Object value) throws RowRefusedException {
      if (value instanceof Boolean found) {
        return found;
      }
      throw refused(name, value, "true or false");
    }

    private List<String> stopStrings(String name, Object value) throws RowRefusedException {
      List<?> items = value instanceof List<?> list ? list : List.of(value);
      List<String> found = new ArrayList<>(items.size());
      for (Object item : items) {
        if (!(item instanceof String text) || text.isEmpty()) {
          throw refused(name, value, "a string or a list of strings, each at least one character");
        }
        found.add(text);
      }
      return found;
    }

    private List<Integer> tokenIds(String name, Object value) throws RowRefusedException {
      if (!(value instanceof List<?> items)) {
        throw refused(name, value, "a list of token ids");
      }
      List<Integer> found = new ArrayList<>(items.size());
      for (Object item : items) {
        found.add(
            (int) whole(name, item, 0, vocabSize - 1L, "token ids from 0 to " + (vocabSize - 1)));
      }
      return found;
    }
  }
}
