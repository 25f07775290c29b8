package org.trlm.job.inference;

import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Row;
import org.trlm.job.input.ChoiceReader;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.ScoreOptions;

/**
 * Content keys of scores.
 *
 * @param options what is scored
 * @param choices reads what is scored after the prompt; null when texts are scored
 * @param keySettings the settings beside model and row that change scores, as canonical JSON
 * @param fingerprint hash of the model's contents
 */
record ScoreKeys(ScoreOptions options, ChoiceReader choices, String keySettings, String fingerprint)
    implements RequestKeys {

  @Override
  public List<String> of(Row input, PromptRow prompt, byte[] rowKey) {
    byte[] hash =
        PromptRow.sha256(
            "trlm-score",
            HexFormat.of().formatHex(rowKey),
            options.kind().name(),
            choices == null ? "" : options.choicePrefix(),
            choices == null ? "" : choices.content(input),
            keySettings,
            fingerprint);
    return List.of(HexFormat.of().formatHex(hash));
  }
}
