package org.trlm.engine;

import java.util.List;
import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.request.Request;
import org.trlm.engine.schedule.ScheduledBatch;
import org.trlm.engine.schedule.Sequence;

/**
 * The limits of one engine; everything it allocates follows from them and from the model. {@link
 * EngineSizing} chooses them for a given memory.
 *
 * @param maxModelLen most tokens of one sequence, prompt and generated together; at most the
 *     model's max_position_embeddings
 * @param maxNumSeqs sequences that run at the same time (slots)
 * @param maxNumBatchedTokens tokens computed in one step, decode and prefill chunks together; at
 *     least {@code maxNumSeqs}
 * @param numKvBlocks cache blocks of 16 tokens in the pool
 * @param prefixCaching whether sequences share the keys and values of equal first tokens
 * @param kvCacheDtype how the cache stores keys and values
 */
public record EngineConfig(
    int maxModelLen,
    int maxNumSeqs,
    int maxNumBatchedTokens,
    int numKvBlocks,
    PrefixCaching prefixCaching,
    KvCacheDtype kvCacheDtype) {

  /** Limits of an engine whose sequences share prefixes in a cache of float32. */
  public EngineConfig(int maxModelLen, int maxNumSeqs, int maxNumBatchedTokens, int numKvBlocks) {
    this(maxModelLen, maxNumSeqs, maxNumBatchedTokens, numKvBlocks, PrefixCaching.ENABLED);
  }

  /** Limits of an engine with a cache of float32. */
  public EngineConfig(
      int maxModelLen,
      int maxNumSeqs,
      int maxNumBatchedTokens,
      int numKvBlocks,
      PrefixCaching prefixCaching) {
    this(
        maxModelLen,
        maxNumSeqs,
        maxNumBatchedTokens,
        numKvBlocks,
        prefixCaching,
        KvCacheDtype.FLOAT32);
  }

  /**
   * @throws IllegalArgumentException naming the limit, the value found and the allowed ones
   */
  public EngineConfig {
    check(maxModelLen >= 2, "max_model_len", maxModelLen, "2 (one prompt token, one generated)");
    check(maxNumSeqs >= 1, "max_num_seqs", maxNumSeqs, "1");
    check(
        maxNumBatchedTokens >= maxNumSeqs,
        "max_num_batched_tokens",
        maxNumBatchedTokens,
        maxNumSeqs + " (max_num_seqs: one token for each running sequence)");
    check(numKvBlocks >= 1, "number of cache blocks (kv_cache_memory)", numKvBlocks, "1");
  }

  /**
   * The limits of an engine that gets nothing but these requests: with no more cache than for all
   * of them at their ends. Memory is cleared when it is taken, which for gigabytes takes seconds.
   */
  public EngineConfig forNoMoreThan(List<Request> requests) {
    long blocks = 1;
    for (Request request : requests) {
      blocks += Sequence.mostBlocks(request, maxModelLen);
    }
    return new EngineConfig(
        maxModelLen,
        maxNumSeqs,
        maxNumBatchedTokens,
        (int) Math.min(numKvBlocks, blocks),
        prefixCaching,
        kvCacheDtype);
  }

  /** Rows of logits that one step computes at most. */
  int maxLogits() {
    return ScheduledBatch.maxLogits(maxNumSeqs, maxNumBatchedTokens);
  }

  private static void check(boolean valid, String name, int found, String least) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + found + "; it must be at least " + least);
    }
  }

  /**
   * These limits, if the model reaches them.
   *
   * @throws IllegalArgumentException when {@code maxModelLen} is more than its positions
   */
  EngineConfig checkedFor(ModelConfig model) {
    checkMaxModelLen(maxModelLen, model);
    return this;
  }

  static void checkMaxModelLen(int maxModelLen, ModelConfig model) {
    if (maxModelLen > model.maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "max_model_len is "
              + (maxModelLen + "; the model was made for at most ")
              + (model.maxPositionEmbeddings() + " positions (max_position_embeddings)"));
    }
  }
}
