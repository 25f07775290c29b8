package org.trlm.engine.request;

/**
 * Log-probabilities of consecutive tokens of one sequence, by the model's raw logits: before
 * penalties, temperature and the other sampling parameters. Natural logarithms. The bits depend on
 * the sequence alone. Arrays are not copied and not to be written.
 *
 * @param logprobs of each token
 * @param ranks of each token among the whole vocabulary: 1 is the most likely, of equal logits the
 *     lowest id comes first
 * @param numAlternatives entries of each token in the following arrays
 * @param alternativeIds {@code [tokens][numAlternatives]}: the most likely tokens at that place,
 *     most likely first; of equal logits the lowest id first
 * @param alternativeLogprobs {@code [tokens][numAlternatives]}
 */
public record TokenLogprobs(
    double[] logprobs,
    int[] ranks,
    int numAlternatives,
    int[] alternativeIds,
    double[] alternativeLogprobs) {

  /** Tokens. */
  public int size() {
    return logprobs.length;
  }

  /** Sum over all tokens, in their order. */
  public double cumulative() {
    double sum = 0;
    for (double logprob : logprobs) {
      sum += logprob;
    }
    return sum;
  }

  /** The id of alternative {@code j} of token {@code i}. */
  public int alternativeId(int i, int j) {
    return alternativeIds[i * numAlternatives + j];
  }

  /** Its log-probability. */
  public double alternativeLogprob(int i, int j) {
    return alternativeLogprobs[i * numAlternatives + j];
  }
}
