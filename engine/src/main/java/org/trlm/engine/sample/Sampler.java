package org.trlm.engine.sample;

import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.request.SamplingParams;

/**
 * Chooses the next token of a sequence from its logits, its own parameters and its own random
 * stream; nothing else has any influence. In this order: temperature, {@code min_p}, {@code top_k},
 * {@code top_p}, then one draw. The sets kept are those of transformers:
 *
 * <ul>
 *   <li>{@code min_p} keeps the tokens at least that share as likely as the most likely one
 *   <li>{@code top_k} keeps every token whose logit is at least the k-th largest, ties included
 *   <li>{@code top_p} keeps the smallest set of most likely tokens whose probabilities, among what
 *       was kept so far, reach it, the one that crosses it included; of equally likely ones the
 *       lowest ids
 * </ul>
 *
 * <p>A new parameter that changes logits works on the row before the temperature; one that drops
 * tokens is a step here. One thread; makes no objects after construction.
 */
public final class Sampler {
  private final Kernels kernels;
  private final int vocabSize;
  private final LargestLogits largestLogits;
  private final Candidates candidates;

  /** Each token's probability as a share of the most likely one's. */
  private final float[] relative;

  /**
   * @param kernels exponentials and argmax, the same bits in every implementation
   * @param vocabSize logits of a row
   */
  public Sampler(Kernels kernels, int vocabSize) {
    this.kernels = kernels;
    this.vocabSize = vocabSize;
    largestLogits = new LargestLogits(vocabSize);
    candidates = new Candidates(vocabSize);
    relative = new float[vocabSize];
  }

  /** Bytes of scratch of a sampler. */
  public static long scratchBytes(int vocabSize) {
    return vocabSize * (5L * Integer.BYTES + Long.BYTES);
  }

  /**
   * Chooses one token.
   *
   * @param logits holds the row {@code [vocabSize]} from {@code offset} on; not written
   * @param streamKey the row's random stream
   * @param position which number of the stream: the index of the generated token
   * @throws ArithmeticException when a logit is NaN or infinite, naming the token
   */
  public int sample(
      float[] logits, int offset, SamplingParams params, long streamKey, long position) {
    checkFinite(logits, offset);
    int best = kernels.argmax(logits, offset, vocabSize);
    if (params.temperature() == 0) {
      return best;
    }
    collect(logits, offset, logits[offset + best], params);
    if (params.topP() < 1) {
      candidates.keepTopP(params.topP());
    }
    return candidates.draw(RandomStream.uniform(streamKey, position));
  }

  /** The candidates that temperature, min_p and top_k leave; the last two may swap places. */
  private void collect(float[] logits, int offset, float max, SamplingParams params) {
    // the largest finite scale stands for temperatures next to 0: infinity times 0 is no number
    float scale = (float) Math.min(1 / params.temperature(), Float.MAX_VALUE);
    kernels.softmaxNumerators(logits, offset, max, scale, relative, 0, vocabSize);
    int topK = params.topK();
    float smallestLogit =
        topK == 0 || topK >= vocabSize
            ? Float.NEGATIVE_INFINITY
            : largestLogits.threshold(logits, offset, vocabSize, topK);
    double smallestRelative = Math.max(params.minP(), Candidates.SMALLEST);
    candidates.clear();
    for (int id = 0; id < vocabSize; id++) {
      if (relative[id] >= smallestRelative && logits[offset + id] >= smallestLogit) {
        candidates.add(id, relative[id]);
      }
    }
  }

  /** What the last draw chose from; for tests. */
  Candidates candidates() {
    return candidates;
  }

  /** Zero times a finite number is zero, times any other it is NaN; four sums run side by side. */
  private void checkFinite(float[] logits, int offset) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int end = offset + vocabSize;
    int i = offset;
    for (; i <= end - 4; i += 4) {
      a += logits[i] * 0f;
      b += logits[i + 1] * 0f;
      c += logits[i + 2] * 0f;
      d += logits[i + 3] * 0f;
    }
    for (; i < end; i++) {
      a += logits[i] * 0f;
    }
    if (Float.isNaN(a + b + c + d)) {
      throw notFinite(logits, offset);
    }
  }

  private ArithmeticException notFinite(float[] logits, int offset) {
    int id = 0;
    while (Float.isFinite(logits[offset + id])) {
      id++;
    }
    return new ArithmeticException(
        "the logit of token "
            + (id + " is " + logits[offset + id])
            + ": weights or activations overflow in this sequence; no token can be chosen");
  }
}
