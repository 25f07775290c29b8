package org.trlm.engine.sample;

import java.util.Arrays;
import org.trlm.engine.request.TokenLogprobs;

/**
 * The log-probabilities of one sequence's tokens as they come. Its arrays grow by doubling, so that
 * a long limit that is not reached takes no memory.
 */
final class LogprobRecorder {
  private static final int FIRST_CAPACITY = 16;

  private final int numAlternatives;
  private double[] logprobs;
  private int[] ranks;
  private int[] alternativeIds;
  private double[] alternativeLogprobs;
  private int size;

  /**
   * @param mostTokens how many there may be
   */
  LogprobRecorder(int numAlternatives, int mostTokens) {
    this.numAlternatives = numAlternatives;
    int capacity = Math.min(FIRST_CAPACITY, mostTokens);
    logprobs = new double[capacity];
    ranks = new int[capacity];
    alternativeIds = new int[capacity * numAlternatives];
    alternativeLogprobs = new double[capacity * numAlternatives];
  }

  int numAlternatives() {
    return numAlternatives;
  }

  int size() {
    return size;
  }

  /** Begins the next token; its alternatives follow, most likely first. */
  void add(double logprob, int rank) {
    if (size == logprobs.length) {
      int capacity = 2 * size;
      logprobs = Arrays.copyOf(logprobs, capacity);
      ranks = Arrays.copyOf(ranks, capacity);
      alternativeIds = Arrays.copyOf(alternativeIds, capacity * numAlternatives);
      alternativeLogprobs = Arrays.copyOf(alternativeLogprobs, capacity * numAlternatives);
    }
    logprobs[size] = logprob;
    ranks[size++] = rank;
  }

  /** Sets alternative {@code i} of the last token. */
  void alternative(int i, int id, double logprob) {
    int at = (size - 1) * numAlternatives + i;
    alternativeIds[at] = id;
    alternativeLogprobs[at] = logprob;
  }

  /** A copy of what there is. */
  TokenLogprobs recorded() {
    return new TokenLogprobs(
        Arrays.copyOf(logprobs, size),
        Arrays.copyOf(ranks, size),
        numAlternatives,
        Arrays.copyOf(alternativeIds, size * numAlternatives),
        Arrays.copyOf(alternativeLogprobs, size * numAlternatives));
  }
}
