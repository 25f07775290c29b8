package org.trlm.job.inference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Row;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.input.EncodedPrompt;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.RowRefusedException;
import org.trlm.job.input.ScoreOptions.Kind;
import org.trlm.job.output.RowError;

/**
 * The way in of {@code score}: a row becomes one request for each of its choices, or for each
 * window of its text. One a task, one thread.
 */
final class ScoreAdmission {
  private final ScoreSettings settings;
  private final PromptEncoder encoder;
  private final int maxModelLen;

  ScoreAdmission(ScoreSettings settings, PromptEncoder encoder, int maxModelLen) {
    this.settings = settings;
    this.encoder = encoder;
    this.maxModelLen = maxModelLen;
  }

  /** What is known of a row before it is tokenized. */
  ScoredRow open(Row input, PromptRow prompt) {
    byte[] rowKey =
        PromptRow.rowKey(
            input.getString(input.fieldIndex(RowAdmission.CONTENT_KEY)),
            input.getInt(input.fieldIndex(RowAdmission.OCCURRENCE)));
    return new ScoredRow(
        settings.schema().keep(input),
        prompt.customId(),
        HexFormat.of().formatHex(rowKey),
        settings.keys().of(input, prompt, rowKey).get(0));
  }

  /** Makes the row's requests. */
  void admit(Row input, PromptRow prompt, ScoredRow row) throws RowRefusedException {
    if (prompt.error() != null) {
      throw new RowRefusedException(prompt.error().code(), prompt.error().message());
    }
    if (settings.options().kind() == Kind.ROLLING) {
      admitText(prompt, row);
    } else {
      row.texts = settings.choices().read(input);
      admitChoices(encoder.encode(prompt), row);
    }
  }

  private void admitChoices(EncodedPrompt prompt, ScoredRow row) throws RowRefusedException {
    int numPrompt = prompt.tokenIds().length;
    row.promptTokens = numPrompt;
    row.renderedPrompt = settings.config().output().includeRenderedPrompt() ? prompt.text() : null;
    List<int[]> sequences = new ArrayList<>();
    int longest = 0;
    for (String text : row.texts) {
      int[] ids = encoder.encodeContinued(prompt, settings.options().choicePrefix(), text);
      if (ids.length <= numPrompt) {
        throw new RowRefusedException(
            RowError.Code.CHOICES_INVALID,
            "choice %d has no tokens of its own: prompt and choice together have %d tokens, the prompt alone %d. Give it text that does not join the prompt's last token, or another --choice-prefix."
                .formatted(sequences.size(), ids.length, numPrompt));
      }
      sequences.add(ids);
      longest = Math.max(longest, ids.length);
    }
    int dropped = dropped(numPrompt, longest);
    for (int[] ids : sequences) {
      row.add(Arrays.copyOfRange(ids, dropped, ids.length), ids.length - numPrompt);
    }
  }

  /** Tokens to leave out at the prompt's start, the same for all choices of a row. */
  private int dropped(int numPrompt, int longest) throws RowRefusedException {
    int tooMany = Math.max(0, longest - maxModelLen);
    boolean truncate = settings.config().run().promptTooLong() == PromptTooLong.TRUNCATE_LEFT;
    if (tooMany > 0 && (!truncate || tooMany >= numPrompt)) {
      throw new RowRefusedException(
          RowError.Code.PROMPT_TOO_LONG,
          "the prompt has %d tokens, with its longest choice %d, and max_model_len is %d. Shorten it%s."
              .formatted(
                  numPrompt,
                  longest,
                  maxModelLen,
                  truncate
                      ? ": no token of the prompt would be left"
                      : ", or set --prompt-too-long truncate_left"));
    }
    return tooMany;
  }

  /**
   * Disjoint windows, each as long as the model goes: every token is scored once, after as many
   * tokens as its window holds before it. The first window begins with the model's first token.
   */
  private void admitText(PromptRow prompt, ScoredRow row) throws RowRefusedException {
    if (prompt.messages() != null) {
      throw new RowRefusedException(
          RowError.Code.MESSAGES_INVALID,
          "--rolling scores the text of a prompt, and this row has messages; give a prompt.");
    }
    int[] ids = encoder.encodeText(prompt.prompt());
    row.texts = List.of(prompt.prompt());
    row.promptTokens = 1;
    if (ids.length == 0) {
      // vocabularies may lack the bytes of some characters: a row without requests would be lost
      throw new RowRefusedException(
          RowError.Code.PROMPT_MISSING,
          "the text has no tokens: the model's vocabulary knows none of its characters; give another text.");
    }
    if (maxModelLen < 2) {
      throw new RowRefusedException(
          RowError.Code.PROMPT_TOO_LONG, "max_model_len is 1; scoring a text needs 2 or more.");
    }
    int window = maxModelLen - 1;
    for (int start = 0; start < ids.length; start += window) {
      int end = Math.min(ids.length, start + window);
      int[] sequence = new int[Math.min(end, window) + 1];
      int context = end - (sequence.length - 1);
      sequence[0] = context == 0 ? settings.firstToken() : ids[context - 1];
      System.arraycopy(ids, context, sequence, 1, sequence.length - 1);
      row.add(sequence, end - start);
    }
  }
}
