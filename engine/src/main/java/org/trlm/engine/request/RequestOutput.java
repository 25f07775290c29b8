package org.trlm.engine.request;

/**
 * What became of one request. Either {@code finishReason} or {@code failure} is null, never both.
 *
 * @param id the request's id
 * @param tokenIds the generated tokens, the end token or stop token included
 * @param finishReason why it ended; null when it failed
 * @param stopReason the stop string (UTF-8 bytes as text) or the stop token's id in decimal; null
 *     when the model's own end token or a length ended it
 * @param stopTextOffset where a stop string begins, in bytes of the generated text (the
 *     concatenated token bytes given to the engine); -1 when no stop string ended it
 * @param promptTokens tokens of the prompt
 * @param cachedTokens prompt tokens whose keys and values were already in the cache when it started
 * @param timings where the time went
 * @param failure what went wrong with this request alone; null when it is fine
 * @param logprobs of the generated tokens; null when they were not asked for
 * @param promptLogprobs of the prompt's tokens from {@code promptLogprobsStart} on; null when they
 *     were not asked for
 */
public record RequestOutput(
    String id,
    int[] tokenIds,
    FinishReason finishReason,
    String stopReason,
    int stopTextOffset,
    int promptTokens,
    int cachedTokens,
    Timings timings,
    String failure,
    TokenLogprobs logprobs,
    TokenLogprobs promptLogprobs) {

  /**
   * Milliseconds of wall clock; the phases follow each other and add up to {@code e2e}.
   *
   * @param queueMs from {@code Engine.add} to the first step that computed a token of it
   * @param prefillMs from there to its first generated token
   * @param decodeMs from its first to its last generated token
   */
  public record Timings(double queueMs, double prefillMs, double decodeMs) {

    /** From {@code Engine.add} to the first generated token. */
    public double firstTokenMs() {
      return queueMs + prefillMs;
    }

    /** From {@code Engine.add} to the last generated token. */
    public double e2eMs() {
      return queueMs + prefillMs + decodeMs;
    }
  }
}
