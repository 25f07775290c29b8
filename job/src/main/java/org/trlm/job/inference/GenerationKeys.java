package org.trlm.job.inference;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
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
    EffectiveSampling effective = effective(prompt);
    return IntStream.range(0, effective.n())
        .mapToObj(sampleIndex -> requestId(rowKey, sampleIndex, effective))
        .toList();
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
