package org.trlm.engine.model;

import org.trlm.engine.cache.KvCache;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * The forward pass of Llama's architecture (Touvron and others 2023) over the tokens of one step.
 * One per engine, one thread; all scratch is made with it and nothing in a step. What it computes
 * for a token depends on the tokens before it in its sequence alone, to the bit.
 */
public final class Transformer {

  private static final int LINE_FLOATS = 16;

  private final ModelWeights weights;
  private final ModelConfig config;
  private final Kernels kernels;
  private final KvCache cache;
  private final Attention attention;
  private final FeedForward feedForward;
  private final int maxNumBatchedTokens;
  private final int maxLogits;

  /** {@code [tokens][hiddenSize]}, rows {@code hiddenStride} apart: the residual stream. */
  private final float[] hidden;

  /** As {@code hidden}: a normed copy of it, and the output of a layer's part. */
  private final float[] normed;

  private final int hiddenStride;

  /** {@code [tokens][(heads + 2 kvHeads) headDim]}, rows {@code qkvStride} apart. */
  private final float[] qkv;

  private final int qkvStride;

  /** {@code [tokens][heads headDim]}, rows {@code attendedStride} apart. */
  private final float[] attended;

  private final int attendedStride;

  /** {@code [maxLogits][vocabSize]}, rows {@code logitsStride} apart. */
  private final float[] logits;

  private final int logitsStride;

  /**
   * @param cache of the same engine, made for the same model
   * @param maxNumBatchedTokens most tokens of one step
   * @param maxLogits most tokens of one step whose logits are needed
   * @param maxModelLen most tokens of one sequence
   * @throws IllegalArgumentException when the logits or activations exceed a Java array
   */
  public Transformer(
      ModelWeights weights,
      KvCache cache,
      int maxNumBatchedTokens,
      int maxLogits,
      int maxModelLen) {
    this.weights = weights;
    this.config = weights.config();
    this.kernels = weights.kernels();
    this.cache = cache;
    this.attention = new Attention(weights, cache, maxModelLen);
    this.feedForward = new FeedForward(weights, maxNumBatchedTokens);
    this.maxNumBatchedTokens = maxNumBatchedTokens;
    this.maxLogits = maxLogits;
    hiddenStride = stride(config.hiddenSize());
    hidden = rows("hidden states", maxNumBatchedTokens, hiddenStride);
    normed = rows("hidden states", Math.max(maxNumBatchedTokens, maxLogits), hiddenStride);
    qkvStride = stride(qkvWidth(config));
    qkv = rows("queries, keys and values", maxNumBatchedTokens, qkvStride);
    attendedStride = stride(attendedWidth(config));
    attended = rows("attention outputs", maxNumBatchedTokens, attendedStride);
    logitsStride = stride(config.vocabSize());
    logits = rows("logits", maxLogits, logitsStride);
  }

  /**
   * Computes one step: the keys and values of every token go into the cache, and the logits that
   * the batch asks for are held until the next step.
   *
   * @throws IllegalArgumentException when the batch exceeds this transformer's limits
   */
  public void forward(ScheduledBatch batch) {
    int numTokens = batch.numTokens();
    if (numTokens > maxNumBatchedTokens || batch.numLogits() > maxLogits) {
      throw new IllegalArgumentException(
          "a step has at most "
              + maxNumBatchedTokens
              + " tokens and "
              + maxLogits
              + " rows of logits, found "
              + numTokens
              + " and "
              + batch.numLogits());
    }
    for (int i = 0; i < batch.numCopies(); i++) {
      cache.copyBlock(batch.copySource(i), batch.copyTarget(i));
    }
    // embed: hidden [numTokens][hiddenSize]
    for (int token = 0; token < numTokens; token++) {
      int row = batch.tokenIds()[token];
      weights.embedTokens().unpackRow(row, hidden, token * hiddenStride);
    }
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      ModelWeights.Layer layerWeights = weights.layer(layer);
      // hidden += attention(norm(hidden))
      norm(numTokens, layerWeights.inputLayernorm());
      attend(layer, layerWeights, batch);
      if (layer == config.numHiddenLayers() - 1) {
        // nothing reads the last layer's output but the logits
        numTokens = keepRowsOfLogits(batch);
      }
      project(layerWeights, numTokens);
      addToHidden(numTokens);
      // hidden += feedForward(norm(hidden))
      norm(numTokens, layerWeights.postAttentionLayernorm());
      feedForward.forward(layerWeights, numTokens, normed, hiddenStride);
      addToHidden(numTokens);
    }
    // logits [numLogits][vocabSize], only of the tokens that need them
    for (int i = 0; i < batch.numLogits(); i++) {
      normRow(i, weights.norm(), i);
    }
    weights.lmHead().multiply(normed, 0, hiddenStride, batch.numLogits(), logits, 0, logitsStride);
  }

  /** attended = attention(qkv(normed)) */
  private void attend(int layer, ModelWeights.Layer layerWeights, ScheduledBatch batch) {
    int numTokens = batch.numTokens();
    // queries, keys and values in one product: [numTokens][(heads + 2 kvHeads) headDim]
    layerWeights.qkvProj().multiply(normed, 0, hiddenStride, numTokens, qkv, 0, qkvStride);
    // attention over the cached positions: [numTokens][heads headDim]
    attention.forward(layer, batch, qkv, qkvStride, attended, attendedStride);
  }

  /** normed = o(attended): [numTokens][hiddenSize] */
  private void project(ModelWeights.Layer layerWeights, int numTokens) {
    layerWeights.oProj().multiply(attended, 0, attendedStride, numTokens, normed, 0, hiddenStride);
  }

  /**
   * Moves the rows of the tokens whose logits are needed to the front, in their order. Those tokens
   * ascend, so no row is overwritten before it has moved.
   *
   * @return how many they are
   */
  private int keepRowsOfLogits(ScheduledBatch batch) {
    for (int i = 0; i < batch.numLogits(); i++) {
      int token = batch.logitsTokens()[i];
      int width = config.numAttentionHeads() * config.headDim();
      System.arraycopy(attended, token * attendedStride, attended, i * attendedStride, width);
      System.arraycopy(hidden, token * hiddenStride, hidden, i * hiddenStride, config.hiddenSize());
    }
    return batch.numLogits();
  }

  private void norm(int numTokens, float[] weight) {
    for (int token = 0; token < numTokens; token++) {
      normRow(token, weight, token);
    }
  }

  private void normRow(int token, float[] weight, int row) {
    kernels.rmsNorm(
        hidden,
        token * hiddenStride,
        weight,
        config.rmsNormEps(),
        normed,
        row * hiddenStride,
        config.hiddenSize());
  }

  private void addToHidden(int numTokens) {
    for (int token = 0; token < numTokens; token++) {
      int row = token * hiddenStride;
      kernels.add(hidden, row, normed, row, config.hiddenSize());
    }
  }

  /** The logits of the last step; row i begins at {@link #logitsOffset}. Not to be kept. */
  public float[] logits() {
    return logits;
  }

  /** Where the {@code vocabSize} logits of the batch's i-th such token begin. */
  public int logitsOffset(int i) {
    return i * logitsStride;
  }

  /**
   * Bytes of scratch of a transformer of these limits, the rotation table of its model included.
   *
   * @param dtype of its key/value cache
   */
  public static long scratchBytes(
      ModelConfig config,
      KvCacheDtype dtype,
      int maxNumBatchedTokens,
      int maxLogits,
      int maxModelLen) {
    long tokens = maxNumBatchedTokens;
    long perToken =
        2L * stride(config.hiddenSize())
            + stride(qkvWidth(config))
            + stride(attendedWidth(config))
            + FeedForward.stride(config);
    long logits = (long) maxLogits * stride(config.vocabSize());
    long rotation = (long) maxModelLen * config.headDim();
    return Float.BYTES * (tokens * perToken + logits + rotation)
        + Attention.scratchBytes(config, dtype, maxModelLen);
  }

  private static long qkvWidth(ModelConfig config) {
    return (config.numAttentionHeads() + 2L * config.numKeyValueHeads()) * config.headDim();
  }

  private static long attendedWidth(ModelConfig config) {
    return (long) config.numAttentionHeads() * config.headDim();
  }

  /**
   * Elements between rows of an activation: whole panels for the padding that products write, and
   * one cache line more, so that the rows of a token block do not share the sets of a cache.
   */
  static int stride(long width) {
    long panels = (width + Kernels.PANEL_OUTPUTS - 1) / Kernels.PANEL_OUTPUTS;
    return Math.toIntExact(panels * Kernels.PANEL_OUTPUTS + LINE_FLOATS);
  }

  static float[] rows(String what, int numRows, long stride) {
    long elements = numRows * stride;
    if (elements > Integer.MAX_VALUE - 8L) {
      throw new IllegalArgumentException(
          "the "
              + what
              + " of one step must fit a Java array, found "
              + numRows
              + " rows of "
              + stride
              + "; lower max_num_batched_tokens or max_num_seqs");
    }
    return new float[(int) elements];
  }
}
