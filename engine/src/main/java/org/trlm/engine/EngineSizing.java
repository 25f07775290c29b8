package org.trlm.engine;

import java.util.Locale;
import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.Transformer;
import org.trlm.engine.sample.Sampler;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * Fits the limits of one engine into the memory it may use, and says how. The bytes are those of
 * one engine: tasks that share a JVM divide its heap, less the packed weights, among themselves.
 *
 * <pre>
 * engine   = scratch + blocks × block
 * block    = 16 tokens × layers × key/value heads × head_dim × 2 (keys, values) × 4 bytes,
 *            or 2 where kv_cache_dtype is bfloat16
 * scratch  = activations of max_num_batched_tokens tokens, logits of max_num_seqs rows (at
 *            least 32), the rotation table and attention scores of max_model_len positions
 *            ({@link Transformer#scratchBytes}), and 36 bytes a token of the vocabulary to sample
 * </pre>
 *
 * @param config the limits chosen
 * @param blockBytes memory of one cache block
 * @param scratchBytes memory of everything but the cache blocks
 * @param availableBytes memory that the engine may use
 */
public record EngineSizing(
    EngineConfig config, long blockBytes, long scratchBytes, long availableBytes) {

  /** Slots where memory allows: from there on more tokens a sweep over the weights gain little. */
  public static final int DEFAULT_MAX_NUM_SEQS = 96;

  /** Tokens of a step unless asked for: a prefill chunk that keeps the kernels busy. */
  public static final int DEFAULT_MAX_NUM_BATCHED_TOKENS = 512;

  /** Tokens of cache for each slot: room for the prompt and thoughts of a typical row. */
  public static final int TOKENS_PER_SLOT = 512;

  /**
   * Chooses the limits that were not asked for.
   *
   * <p>{@code max_model_len} is the model's own; the pool is shared, so one long sequence does not
   * need its length in every slot. The pool gets {@link #TOKENS_PER_SLOT} tokens a slot, at least
   * one sequence of {@code max_model_len}, at most what is left; slots are fewer than {@link
   * #DEFAULT_MAX_NUM_SEQS} when the pool would be short of that.
   *
   * @param availableBytes memory for this engine alone, packed weights not included
   * @throws EngineDoesNotFitException when it does not fit, with the memory that it needs
   * @throws IllegalArgumentException when it asks for more than the model can, naming the values
   *     and what to set
   */
  public static EngineSizing fit(ModelConfig model, long availableBytes, RequestedLimits asked) {
    int maxModelLen = maxModelLen(model, asked);
    int slots = asked.maxNumSeqs();
    if (slots == 0) {
      slots = Math.min(DEFAULT_MAX_NUM_SEQS, batchedTokens(asked, DEFAULT_MAX_NUM_SEQS));
    }
    long blocks = blocks(model, availableBytes, asked, maxModelLen, slots);
    if (asked.maxNumSeqs() == 0) {
      while (slots > 1 && blocks < slots * blocksPerSlot(maxModelLen)) {
        slots--;
        blocks = blocks(model, availableBytes, asked, maxModelLen, slots);
      }
    }
    long scratch = scratchBytes(model, asked, slots, maxModelLen);
    long blockBytes = blockBytes(model, asked);
    checkFits(asked, blocks, maxModelLen, blockBytes, scratch, availableBytes);
    return new EngineSizing(
        new EngineConfig(
            maxModelLen,
            slots,
            batchedTokens(asked, slots),
            (int) blocks,
            asked.prefixCaching(),
            asked.kvCacheDtype()),
        blockBytes,
        scratch,
        availableBytes);
  }

  private static int maxModelLen(ModelConfig model, RequestedLimits asked) {
    if (asked.maxModelLen() == 0) {
      return model.maxPositionEmbeddings();
    }
    EngineConfig.checkMaxModelLen(asked.maxModelLen(), model);
    return asked.maxModelLen();
  }

  private static int batchedTokens(RequestedLimits asked, int slots) {
    return asked.maxNumBatchedTokens() > 0
        ? asked.maxNumBatchedTokens()
        : Math.max(DEFAULT_MAX_NUM_BATCHED_TOKENS, slots);
  }

  private static long blocksPerSlot(int maxModelLen) {
    return KvCacheManager.blocksFor(Math.min(TOKENS_PER_SLOT, maxModelLen));
  }

  /** Blocks asked for or affordable, never more than all slots at full length could use. */
  private static long blocks(
      ModelConfig model, long availableBytes, RequestedLimits asked, int maxModelLen, int slots) {
    long perSequence = KvCacheManager.blocksFor(maxModelLen);
    long useful = Math.min(Integer.MAX_VALUE, slots * perSequence);
    if (asked.kvCacheMemory() > 0) {
      return Math.min(useful, asked.kvCacheMemory() / blockBytes(model, asked));
    }
    long scratch = scratchBytes(model, asked, slots, maxModelLen);
    long affordable = Math.max(0, availableBytes - scratch) / blockBytes(model, asked);
    long wanted = Math.max(perSequence, slots * blocksPerSlot(maxModelLen));
    return Math.min(useful, Math.min(wanted, affordable));
  }

  private static void checkFits(
      RequestedLimits asked,
      long blocks,
      int maxModelLen,
      long blockBytes,
      long scratch,
      long available) {
    long least = asked.kvCacheMemory() > 0 ? 1 : blocksPerSlot(maxModelLen);
    if (asked.kvCacheMemory() > 0 && blocks < 1) {
      throw new IllegalArgumentException(
          "kv_cache_memory is "
              + asked.kvCacheMemory()
              + (" bytes; one block of " + KvCacheManager.BLOCK_SIZE + " tokens takes ")
              + (blockBytes + ". Set at least " + blocksPerSlot(maxModelLen) * blockBytes));
    }
    long needed = scratch + Math.max(blocks, least) * blockBytes;
    if (blocks < least || needed > available) {
      throw new EngineDoesNotFitException(
          "the engine needs "
              + (mebibytes(needed) + " (" + mebibytes(scratch))
              + (" of scratch and a key/value cache of " + mebibytes(needed - scratch))
              + (") beside the weights; there are " + mebibytes(available))
              + " for each running task. Give the JVM more memory, run fewer tasks in it, or lower"
              + " kv_cache_memory, max_num_seqs, max_num_batched_tokens or max_model_len",
          needed);
    }
  }

  private static long blockBytes(ModelConfig model, RequestedLimits asked) {
    return KvCache.bytesPerBlock(
        model.attentionShape(), asked.kvCacheDtype(), model.numHiddenLayers());
  }

  private static long scratchBytes(
      ModelConfig model, RequestedLimits asked, int slots, int maxModelLen) {
    int batchedTokens = batchedTokens(asked, slots);
    int logits = ScheduledBatch.maxLogits(slots, batchedTokens);
    KvCacheDtype dtype = asked.kvCacheDtype();
    return Transformer.scratchBytes(model, dtype, batchedTokens, logits, maxModelLen)
        + Sampler.scratchBytes(model.vocabSize());
  }

  /** Memory of the whole engine. */
  public long totalBytes() {
    return scratchBytes + config.numKvBlocks() * blockBytes;
  }

  /** One line for the log of a job. */
  public String describe() {
    return "engine: "
        + (config.maxNumSeqs() + " slots, " + config.maxNumBatchedTokens() + " tokens a step, ")
        + ("max_model_len " + config.maxModelLen() + ", key/value cache ")
        + (mebibytes(config.numKvBlocks() * blockBytes) + " of ")
        + (config.kvCacheDtype().spelling() + " (" + config.numKvBlocks())
        + (" blocks, " + (long) config.numKvBlocks() * KvCacheManager.BLOCK_SIZE + " tokens), ")
        + (mebibytes(scratchBytes) + " of scratch; " + mebibytes(totalBytes()) + " of ")
        + (mebibytes(availableBytes) + " available");
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / (1024.0 * 1024.0));
  }
}
