package org.trlm.job.output;

import java.sql.Timestamp;
import java.util.List;

/**
 * One output row, but for the input's own columns. Null stands for what does not apply or was not
 * asked for.
 *
 * @param customId the input row's id
 * @param rowKey the input row's key: equal as long as it asks the same under the same id
 * @param requestId the content key: equal exactly when the same question would be asked again
 * @param sampleIndex which answer to the row, from 0
 * @param answer what the model said; null when there is no answer
 * @param status ok, error or skipped
 * @param error null exactly when the status is ok
 * @param usage tokens
 * @param metrics times
 * @param samplingParams the effective parameters as JSON
 * @param seed the effective seed
 * @param partitionId the Spark partition that answered
 * @param createdAt when the answer was complete
 * @param renderedPrompt the prompt after the chat template
 */
public record ResponseRow(
    String customId,
    String rowKey,
    String requestId,
    int sampleIndex,
    Answer answer,
    Status status,
    RowError error,
    Usage usage,
    Metrics metrics,
    String samplingParams,
    Long seed,
    int partitionId,
    Timestamp createdAt,
    String renderedPrompt) {

  /** What became of the row. */
  public enum Status {
    OK,
    ERROR,
    SKIPPED;

    /** The lower-case word written to {@code status}. */
    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * What the model said.
   *
   * @param generatedText raw, with think tags
   * @param reasoning the thought; null without one
   * @param content the answer; null when the thought was not closed
   * @param thinkState none, closed or unclosed
   * @param finishReason stop, length or repetition
   * @param stopReason the stop string or token id; null when the end token or a length ended it
   * @param tokenIds the generated tokens; null when not asked for
   * @param logprobs of the generated tokens, end token included; null when not asked for
   * @param cumulativeLogprob their sum; null when not asked for
   * @param promptLogprobs of the prompt's tokens, the first one null; null when not asked for
   */
  public record Answer(
      String generatedText,
      String reasoning,
      String content,
      String thinkState,
      String finishReason,
      String stopReason,
      int[] tokenIds,
      List<TokenLogprob> logprobs,
      Double cumulativeLogprob,
      List<TokenLogprob> promptLogprobs) {

    /** There is no answer. */
    static final Answer NONE =
        new Answer(null, null, null, null, null, null, null, null, null, null);
  }

  /**
   * A token and how likely the model found it.
   *
   * @param token its text, alone; with U+FFFD where that is not UTF-8
   * @param logprob natural logarithm, of the raw logits
   * @param bytes its text's bytes
   * @param topLogprobs the most likely tokens in its place, most likely first
   */
  public record TokenLogprob(
      String token, int tokenId, double logprob, byte[] bytes, List<TokenLogprob> topLogprobs) {}

  /**
   * Counts of tokens; each null where unknown.
   *
   * @param reasoningTokens generated tokens inside the thought, tags not counted
   */
  public record Usage(
      Integer promptTokens,
      Integer completionTokens,
      Integer reasoningTokens,
      Integer cachedTokens) {

    /** Nothing is known. */
    public static final Usage UNKNOWN = new Usage(null, null, null, null);

    Integer totalTokens() {
      return promptTokens == null || completionTokens == null
          ? null
          : Integer.valueOf(promptTokens + completionTokens);
    }
  }

  /**
   * Milliseconds of wall clock; each null where unknown.
   *
   * @param tokensPerSecond generated tokens over prefill and decode
   * @param attempt which attempt of the Spark task, from 0
   */
  public record Metrics(
      Double queueMs,
      Double prefillMs,
      Double firstTokenMs,
      Double decodeMs,
      Double e2eMs,
      Double tokensPerSecond,
      int attempt) {

    /** The row never ran. */
    public static Metrics notRun(int attempt) {
      return new Metrics(null, null, null, null, null, null, attempt);
    }
  }
}
