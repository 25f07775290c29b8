package org.trlm.engine.request;

/**
 * One prompt to complete. Immutable: the engine keeps its own mutable sequence.
 *
 * @param id the caller's name for it, unique among the requests in one engine; comes back in the
 *     output
 * @param promptTokenIds at least one token, each within the vocabulary; not copied, never written
 * @param params how to choose tokens and when to end
 * @param streamKey the row's own random stream ({@code RandomStream.key} of seed, row key and
 *     sample index): equal keys give equal samples, whatever runs beside them
 * @param thought where the answer begins: inside a thought when the prompt ends in one
 */
public record Request(
    String id,
    int[] promptTokenIds,
    SamplingParams params,
    long streamKey,
    ThoughtTags.State thought) {

  /** A prompt that opens no thought. */
  public Request(String id, int[] promptTokenIds, SamplingParams params, long streamKey) {
    this(id, promptTokenIds, params, streamKey, ThoughtTags.State.NONE);
  }
}
