package org.trlm.job.input;

import java.util.LinkedHashMap;
import java.util.Map;
import org.trlm.engine.constraint.ConstraintException;
import org.trlm.engine.constraint.TokenConstraints;
import org.trlm.engine.request.StructuredOutputs;
import org.trlm.job.output.RowError;

/**
 * Tells of rows whose constraint an engine would refuse, without an engine. Each distinct
 * constraint is compiled once, as long as it is among the latest ones. One task, one thread.
 */
public final class ConstraintChecks {
  private static final int MOST_KNOWN = 1000;

  /** Empty where the constraint can be kept. */
  private final Map<StructuredOutputs, String> refusals =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<StructuredOutputs, String> eldest) {
          return size() > MOST_KNOWN;
        }
      };

  /**
   * @throws RowRefusedException {@code params_invalid}, naming the part that is not supported
   */
  public void check(EffectiveSampling sampling) throws RowRefusedException {
    StructuredOutputs constraint = sampling.structuredOutputs();
    if (constraint == null) {
      return;
    }
    String refusal = refusals.computeIfAbsent(constraint, ConstraintChecks::refusal);
    if (!refusal.isEmpty()) {
      throw new RowRefusedException(
          RowError.Code.PARAMS_INVALID, "structured_outputs: " + refusal + ".");
    }
  }

  private static String refusal(StructuredOutputs constraint) {
    try {
      TokenConstraints.check(constraint);
      return "";
    } catch (ConstraintException e) {
      return e.getMessage();
    }
  }
}
