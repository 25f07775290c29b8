package org.trlm.job.output;

import java.sql.Timestamp;
import java.util.List;
import org.trlm.job.output.ResponseRow.Metrics;
import org.trlm.job.output.ResponseRow.Status;
import org.trlm.job.output.ResponseRow.Usage;

/**
 * One output row of {@code score}, but for the input's own columns. Null stands for what does not
 * apply or was not asked for.
 *
 * @param customId the input row's id
 * @param rowKey the key of the input row
 * @param requestId the content key
 * @param choices by position in the row; null when texts are scored
 * @param text the whole text; null when choices are scored
 * @param status ok, error or skipped
 * @param error null exactly when the status is ok
 * @param usage tokens of the prompt, and as completion those that were scored
 * @param metrics times over all of the row's requests
 * @param renderedPrompt the prompt after the chat template
 */
public record ScoreRow(
    String customId,
    String rowKey,
    String requestId,
    List<ChoiceScore> choices,
    TextScore text,
    Status status,
    RowError error,
    Usage usage,
    Metrics metrics,
    int partitionId,
    Timestamp createdAt,
    String renderedPrompt) {

  /**
   * The log-likelihood of one choice. Lengths are those of the choice without its prefix.
   *
   * @param text the choice
   * @param logprob sum over its tokens, natural logarithm
   * @param numTokens tokens scored, those of the prefix included
   * @param numChars Unicode code points
   * @param numBytes bytes in UTF-8
   * @param isGreedy whether each token is the most likely one at its place
   */
  public record ChoiceScore(
      String text, double logprob, int numTokens, int numChars, int numBytes, boolean isGreedy) {}

  /**
   * The log-likelihood of a whole text.
   *
   * @param logprob sum over its tokens, natural logarithm
   * @param perplexity exp of the mean negative log-likelihood of a token
   * @param bitsPerByte negative log-likelihood to the base 2, over the bytes of the text in UTF-8
   */
  public record TextScore(double logprob, double perplexity, double bitsPerByte) {

    /** The measures of a text of so many tokens and bytes. */
    public static TextScore of(double logprob, int tokens, int bytes) {
      return new TextScore(
          logprob, StrictMath.exp(-logprob / tokens), -logprob / (bytes * StrictMath.log(2)));
    }
  }
}
