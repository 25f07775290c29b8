package org.trlm.engine;

import org.trlm.engine.cache.PrefixCaching;
import org.trlm.engine.kernel.KvCacheDtype;

/**
 * The limits of an engine that a user asked for; 0 leaves one to {@link EngineSizing}.
 *
 * @param maxModelLen {@code max_model_len} in tokens
 * @param maxNumSeqs {@code max_num_seqs}
 * @param maxNumBatchedTokens {@code max_num_batched_tokens}
 * @param kvCacheMemory {@code kv_cache_memory} of one engine, in bytes
 * @param prefixCaching {@code enable_prefix_caching}
 * @param kvCacheDtype {@code kv_cache_dtype}
 */
public record RequestedLimits(
    int maxModelLen,
    int maxNumSeqs,
    int maxNumBatchedTokens,
    long kvCacheMemory,
    PrefixCaching prefixCaching,
    KvCacheDtype kvCacheDtype) {

  /** Leaves everything to {@link EngineSizing}. */
  public static final RequestedLimits NONE = new RequestedLimits(0, 0, 0, 0);

  /** Limits of an engine whose sequences share prefixes in a cache of float32. */
  public RequestedLimits(
      int maxModelLen, int maxNumSeqs, int maxNumBatchedTokens, long kvCacheMemory) {
    this(
        maxModelLen,
        maxNumSeqs,
        maxNumBatchedTokens,
        kvCacheMemory,
        PrefixCaching.ENABLED,
        KvCacheDtype.FLOAT32);
  }

  /**
   * @throws IllegalArgumentException naming the limit that is negative
   */
  public RequestedLimits {
    check("max_model_len", maxModelLen);
    check("max_num_seqs", maxNumSeqs);
    check("max_num_batched_tokens", maxNumBatchedTokens);
    check("kv_cache_memory", kvCacheMemory);
  }

  private static void check(String name, long found) {
    if (found < 0) {
      throw new IllegalArgumentException(
          name + " is " + found + "; it must be positive, or 0 to have it chosen");
    }
  }
}
