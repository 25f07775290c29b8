package org.trlm.engine.sample;

import org.trlm.engine.constraint.TokenRules;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.request.SamplingParams;

/**
 * Chooses the next token of a sequence from its logits, its own parameters, its own tokens so far
 * and its own random stream; nothing else has any influence. In this order: the {@link
 * LogitsProcessor}s of the sequence, its {@link TokenRules}, temperature, {@code min_p}, {@code
 * top_k}, {@code top_p}, then one draw. The sets kept are those of transformers:
 *
 * <ul>
 *   <li>{@code min_p} keeps the tokens at least that share as likely as the most likely one
 *   <li>{@code top_k} keeps every token whose logit is at least the k-th largest, ties included
 *   <li>{@code top_p} keeps the smallest set of most likely tokens whose probabilities, among what
 *       was kept so far, reach it, the one that crosses it included; of equally likely ones the
 *       lowest ids
 * </ul>
 *
 * <p>A new parameter that changes logits is a {@link LogitsProcessor}; one that drops tokens is a
 * step here. Processors work on a copy of the row, so that log-probabilities are those of the raw
 * logits. One thread; makes no objects after construction but the growing notes of
 * log-probabilities that were asked for.
 */
public final class Sampler {
  private final Kernels kernels;
  private final int vocabSize;
  private final LargestLogits largestLogits;
  private final Candidates candidates;

  /** Each token's probability as a share of the most likely one's. */
  private final float[] relative;

  /** The row while logits processors change it. */
  private final float[] processed;

  /** Zeros between the calls of logits processors, which count tokens in it. */
  private final int[] counts;

  private final Logprobs logprobs;

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
    processed = new float[vocabSize];
    counts = new int[vocabSize];
    logprobs = new Logprobs(kernels, vocabSize, relative);
  }

  /** Bytes of scratch of a sampler. */
  public static long scratchBytes(int vocabSize) {
    return vocabSize * (7L * Integer.BYTES + Long.BYTES);
  }

  /**
   * How a sequence is sampled here.
   *
   * @param endTokenIds the model's own end-of-turn tokens
   * @param rules over the tokens that may come next
   */
  public SequenceSampling sequence(
      SamplingParams params, long streamKey, int[] endTokenIds, TokenRules rules) {
    return new SequenceSampling(params, streamKey, endTokenIds, counts, rules);
  }

  /**
   * Chooses the next token of a sequence and notes its log-probability if that is asked for.
   *
   * @param logits holds the row {@code [vocabSize]} from {@code offset} on; not written
   * @param tokenIds of the sequence by position, prompt first
   * @param numPromptTokens how many of them are the prompt
   * @param numTokens how many are known
   * @throws ArithmeticException when a logit is NaN or infinite, naming the token, or when the
   *     parameters rule every token out
   */
  public int sample(
      float[] logits,
      int offset,
      SequenceSampling sequence,
      int[] tokenIds,
      int numPromptTokens,
      int numTokens) {
    checkFinite(logits, offset);
    float[] row = logits;
    int rowOffset = offset;
    if (sequence.processors().length > 0 || sequence.rules().restrictNext()) {
      System.arraycopy(logits, offset, processed, 0, vocabSize);
      for (LogitsProcessor processor : sequence.processors()) {
        processor.apply(processed, tokenIds, numPromptTokens, numTokens);
      }
      applyRules(logits, offset, sequence);
      row = processed;
      rowOffset = 0;
    }
    int token =
        choose(
            row, rowOffset, sequence.params(), sequence.streamKey(), numTokens - numPromptTokens);
    if (sequence.recorder() != null) {
      int best = kernels.argmax(logits, offset, vocabSize);
      logprobs.record(logits, offset, best, token, sequence.recorder());
    }
    return token;
  }

  /** Where the processors and the rules leave no token together, the rules go first. */
  private void applyRules(float[] logits, int offset, SequenceSampling sequence) {
    if (!sequence.rules().restrictNext()) {
      return;
    }
    sequence.rules().restrict(processed);
    if (sequence.processors().length > 0
        && processed[kernels.argmax(processed, 0, vocabSize)] == Float.NEGATIVE_INFINITY) {
      System.arraycopy(logits, offset, processed, 0, vocabSize);
      sequence.rules().restrict(processed);
    }
  }

  /**
   * Notes the log-probability of a prompt's token.
   *
   * @param logits holds the row {@code [vocabSize]} from {@code offset} on
   * @param position the position whose logits they are, one that {@link PromptLogprobs#needs}
   * @throws ArithmeticException when a logit is NaN or infinite, naming the token
   */
  public void notePrompt(float[] logits, int offset, int position, PromptLogprobs prompt) {
    checkFinite(logits, offset);
    int best = kernels.argmax(logits, offset, vocabSize);
    logprobs.record(logits, offset, best, prompt.tokenAfter(position), prompt.recorder());
  }

  /**
   * Chooses one token by the parameters that do not look at the sequence.
   *
   * @param logits holds the row {@code [vocabSize]} from {@code offset} on; not written
   * @param streamKey the row's random stream
   * @param position which number of the stream: the index of the generated token
   * @throws ArithmeticException when a logit is NaN or infinite, naming the token
   */
  public int sample(
      float[] logits, int offset, SamplingParams params, long streamKey, long position) {
    checkFinite(logits, offset);
    return choose(logits, offset, params, streamKey, position);
  }

  /** The row may hold negative infinities: tokens that are ruled out. */
  private int choose(
      float[] logits, int offset, SamplingParams params, long streamKey, long position) {
    int best = kernels.argmax(logits, offset, vocabSize);
    if (logits[offset + best] == Float.NEGATIVE_INFINITY) {
      throw new ArithmeticException(
          "allowed_token_ids, bad_words, min_tokens and the like rule every token out; loosen one");
    }
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
