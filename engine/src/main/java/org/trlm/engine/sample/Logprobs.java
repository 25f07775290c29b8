package org.trlm.engine.sample;

import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.request.SamplingParams;

/**
 * Log-probabilities from a row of raw logits, the same bits on every CPU: {@code logit - max -
 * log(sum of exp(logit - max))}, where the exponentials are the engine's own in float32, their sum
 * goes through 16 partial sums in double (token id modulo 16, then a fixed tree), and the logarithm
 * is {@link StrictMath}'s. One an engine, one thread; makes no objects after construction.
 */
final class Logprobs {
  private static final int PARTIAL_SUMS = 16;

  private final Kernels kernels;
  private final int vocabSize;

  /** Scratch {@code [vocabSize]} for exponentials. */
  private final float[] numerators;

  private final double[] partialSums = new double[PARTIAL_SUMS];
  private final int[] topIds = new int[SamplingParams.MOST_LOGPROBS];

  /**
   * @param scratch {@code [vocabSize]}, overwritten by each call
   */
  Logprobs(Kernels kernels, int vocabSize, float[] scratch) {
    this.kernels = kernels;
    this.vocabSize = vocabSize;
    this.numerators = scratch;
  }

  /**
   * Notes a token and its alternatives.
   *
   * @param logits holds the row from {@code offset} on; finite
   * @param best the most likely token, the lowest id on ties
   */
  void record(float[] logits, int offset, int best, int token, LogprobRecorder recorder) {
    float max = logits[offset + best];
    double logSum = logSum(logits, offset, max);
    recorder.add(logprob(logits[offset + token], max, logSum), rank(logits, offset, token));
    int wanted = Math.min(recorder.numAlternatives(), vocabSize);
    if (wanted > 0) {
      findTop(logits, offset, wanted);
    }
    for (int i = 0; i < wanted; i++) {
      recorder.alternative(i, topIds[i], logprob(logits[offset + topIds[i]], max, logSum));
    }
  }

  private static double logprob(float logit, float max, double logSum) {
    return ((double) logit - max) - logSum;
  }

  private double logSum(float[] logits, int offset, float max) {
    kernels.softmaxNumerators(logits, offset, max, 1, numerators, 0, vocabSize);
    for (int lane = 0; lane < PARTIAL_SUMS; lane++) {
      double sum = 0;
      for (int id = lane; id < vocabSize; id += PARTIAL_SUMS) {
        sum += numerators[id];
      }
      partialSums[lane] = sum;
    }
    for (int half = PARTIAL_SUMS / 2; half >= 1; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        partialSums[lane] += partialSums[lane + half];
      }
    }
    return StrictMath.log(partialSums[0]);
  }

  private int rank(float[] logits, int offset, int token) {
    float logit = logits[offset + token];
    int rank = 1;
    for (int id = 0; id < vocabSize; id++) {
      float other = logits[offset + id];
      rank += other > logit || (other == logit && id < token) ? 1 : 0;
    }
    return rank;
  }

  /** The ids of the largest logits, by insertion: there are at most 20. */
  private void findTop(float[] logits, int offset, int wanted) {
    int found = 0;
    for (int id = 0; id < vocabSize; id++) {
      float logit = logits[offset + id];
      if (found == wanted && logit <= logits[offset + topIds[found - 1]]) {
        continue;
      }
      int at = found < wanted ? found++ : found - 1;
      while (at > 0 && logits[offset + topIds[at - 1]] < logit) {
        topIds[at] = topIds[at - 1];
        at--;
      }
      topIds[at] = id;
    }
  }
}
