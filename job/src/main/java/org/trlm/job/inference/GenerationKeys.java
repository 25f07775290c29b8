package org.trlm.job.inference;

import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Row;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.input.SamplingResolver;

/**
 * Content keys of generated answers.
 *
 * @param sampling lays the row's parameters over the job's
 * @param keySettings the settings beside model and row that change answers, as canonical JSON
 * @param fingerprint hash of the model's contents
 */
record GenerationKeys(SamplingResolver sampling, String keySettings, String fingerprint)
    implements RequestKeys {

  @Override
  public List<String> of(Row input, PromptRow prompt, byte[] rowKey) {
    return List.of(requestId(rowKey, 0, effective(prompt)));
  }

  /** The row's parameters; those of the job when the row's own cannot be used. */
  private EffectiveSampling effective(PromptRow prompt) {
    if (prompt.error() == null) {
      try {
        return sampling.resolve(prompt.params());
      } catch (RowRefusedException e) {
        return sampling.jobLevel();
      }
    }
    return sampling.jobLevel();
  }

  String requestId(byte[] rowKey, int sampleIndex, EffectiveSampling effective) {
    byte[] hash =
        PromptRow.sha256(
            "trlm-request",
            HexFormat.of().formatHex(rowKey),
            Integer.toString(sampleIndex),
            effective.canonicalJson(),
            Long.toString(effective.seed()),
            keySettings,
            fingerprint);
    return HexFormat.of().formatHex(hash);
  }
}
