package org.trlm.job.input;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.trlm.engine.constraint.ConstraintException;
import org.trlm.engine.constraint.TokenConstraints;
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

  /** Parameters that users of vLLM know and this version does not have. */
  private static final List<String> NOT_AVAILABLE = List.of("best_of");

  /** The values of a row without any of its own. */
  private final transient EffectiveSampling base;

  private final SamplingOptions options;
  private final GenerationDefaults defaults;
  private final int vocabSize;

  /**
   * @param vocabSize token ids in parameters are below it
   * @throws IllegalArgumentException when a job-level value is not allowed, naming the parameter
   */
  public SamplingResolver(SamplingOptions options, GenerationDefaults defaults, int vocabSize) {
    this.options = options;
    this.defaults = defaults;
    this.vocabSize = vocabSize;
    try {
      SortedMap<String, Object> values = SamplingParameters.neutral();
      lay(values, "generation_config.json", defaults.sampling());
      lay(values, "the job's options", options.given());
      this.base = checked("the job's options", values);
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
    SortedMap<String, Object> values = new TreeMap<>(base.values());
    lay(values, "the row's parameters", row);
    return checked("the row's parameters", values);
  }

  /**
   * Compiles the job's constraint, so that one that cannot be kept stops the job before its work.
   *
   * @throws IllegalArgumentException naming the part of it that is not supported
   */
  public void checkConstraint() {
    if (base.structuredOutputs() != null) {
      try {
        TokenConstraints.check(base.structuredOutputs());
      } catch (ConstraintException e) {
        throw new IllegalArgumentException(
            "the job's options: structured_outputs: " + e.getMessage() + ".");
      }
    }
  }

  private Object readResolve() {
    return new SamplingResolver(options, defaults, vocabSize);
  }

  private void lay(SortedMap<String, Object> values, String source, Map<String, ?> layer)
      throws RowRefusedException {
    Map<String, String> given = new HashMap<>();
    for (Map.Entry<String, ?> entry : new TreeMap<String, Object>(layer).entrySet()) {
      String spelled = entry.getKey();
      String name = SamplingParameters.name(spelled);
      if (entry.getValue() == null) {
        continue;
      }
      if (!SamplingParameters.names().contains(name)) {
        throw unknown(source, spelled);
      }
      String twin = given.put(name, spelled);
      if (twin != null && !isSwitch(layer.get(twin), name)) {
        throw refused(
            "%s: %s and %s mean the same parameter; give one of them."
                .formatted(source, twin, spelled));
      }
      ParameterValue value = new ParameterValue(source, spelled, entry.getValue(), vocabSize);
      Object read = SamplingParameters.read(name, value);
      if (read == null) {
        values.remove(name);
      } else {
        values.put(name, read);
      }
    }
  }

  /** OpenAI's chat interface switches {@code logprobs} on beside {@code top_logprobs}. */
  private static boolean isSwitch(Object value, String name) {
    return name.equals("logprobs") && Boolean.TRUE.equals(value);
  }

  /** What one parameter says of another. */
  private static EffectiveSampling checked(String source, SortedMap<String, Object> values)
      throws RowRefusedException {
    EffectiveSampling sampling = new EffectiveSampling(values);
    if (sampling.minTokens() > sampling.maxTokens()) {
      throw refused(
          "%s: min_tokens is %d; allowed: 0 to max_tokens, which is %d."
              .formatted(source, sampling.minTokens(), sampling.maxTokens()));
    }
    if (sampling.n() > 1 && sampling.temperature() == 0) {
      throw refused(
          "%s: n is %d and temperature is 0 (greedy), so all samples would be equal; set a temperature above 0, or n 1."
              .formatted(source, sampling.n()));
    }
    return sampling;
  }

  private static RowRefusedException unknown(String source, String name) {
    String available = String.join(", ", SamplingParameters.names());
    if (NOT_AVAILABLE.contains(name)) {
      return refused(
          "%s: %s is not available in this version; remove it. Available: %s."
              .formatted(source, name, available));
    }
    TreeSet<String> known = new TreeSet<>(SamplingParameters.aliases());
    known.addAll(SamplingParameters.names());
    String hint =
        Words.nearest(name, known)
            .map(nearest -> "Did you mean %s? ".formatted(nearest))
            .orElse("");
    return refused(
        "%s: %s is not a sampling parameter. %sAvailable: %s."
            .formatted(source, Words.shorten(name), hint, available));
  }

  private static RowRefusedException refused(String message) {
    return new RowRefusedException(RowError.Code.PARAMS_INVALID, message);
  }
}
