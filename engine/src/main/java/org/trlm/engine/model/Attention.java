package org.trlm.engine.model;

import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.AttentionScratch;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KeyValueBlocks;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * Grouped-query attention over the cached keys and values. Each token attends to positions 0 … its
 * own, in that order, whatever the chunk it came in. One per engine; holds the scores' scratch.
 */
final class Attention {

  /** Tokens of a prompt that read the keys and values of their sequence together. */
  private static final int QUERIES = 8;

  private final Kernels kernels;
  private final KvCache cache;
  private final RotaryEmbedding rotaryEmbedding;
  private final int numHeads;
  private final int numKeyValueHeads;
  private final int headDim;
  private final AttentionScratch scratch;

  Attention(ModelWeights weights, KvCache cache, int maxModelLen) {
    ModelConfig config = weights.config();
    this.kernels = weights.kernels();
    this.cache = cache;
    this.rotaryEmbedding = weights.rotaryEmbedding(maxModelLen);
    this.numHeads = config.numAttentionHeads();
    this.numKeyValueHeads = config.numKeyValueHeads();
    this.headDim = config.headDim();
    this.scratch =
        new AttentionScratch(config.attentionShape(), cache.dtype(), QUERIES, maxModelLen);
  }

  /** Memory of the scratch of the queries of one call. */
  static long scratchBytes(ModelConfig config, KvCacheDtype dtype, int maxModelLen) {
    return AttentionScratch.bytes(config.attentionShape(), dtype, QUERIES, maxModelLen);
  }

  /**
   * One layer's attention for a batch; its keys and values are in the cache afterwards.
   *
   * @param qkv {@code [numTokens][(heads + 2 kvHeads) headDim]}: queries, keys, values of each
   *     token, rows {@code qkvStride} apart; queries and keys are rotated in place
   * @param attended gets {@code [numTokens][heads headDim]}, rows {@code attendedStride} apart
   */
  void forward(
      int layer,
      ScheduledBatch batch,
      float[] qkv,
      int qkvStride,
      float[] attended,
      int attendedStride) {
    for (int sequence = 0; sequence < batch.numSequences(); sequence++) {
      int[] blockTable = batch.blockTable(sequence);
      int end = batch.queryEnd(sequence);
      // rotate, then cache the keys and values of the chunk: its own tokens attend to them too
      for (int token = batch.queryStart(sequence); token < end; token++) {
        int position = batch.positions()[token];
        rotaryEmbedding.rotate(
            kernels, qkv, token * qkvStride, numHeads + numKeyValueHeads, position);
        store(layer, position, blockTable, qkv, token * qkvStride);
      }
      // softmax(q · k / sqrt(headDim)) · v for all heads of a few tokens at a time
      for (int token = batch.queryStart(sequence); token < end; token += QUERIES) {
        kernels.attention(
            qkv,
            token * qkvStride,
            qkvStride,
            Math.min(QUERIES, end - token),
            batch.positions()[token],
            cache.layer(layer),
            blockTable,
            scratch,
            attended,
            token * attendedStride,
            attendedStride);
      }
    }
  }

  private void store(int layer, int position, int[] blockTable, float[] qkv, int at) {
    KeyValueBlocks blocks = cache.layer(layer);
    int block = blockTable[position / KvCacheManager.BLOCK_SIZE];
    int token = position % KvCacheManager.BLOCK_SIZE;
    int keys = at + numHeads * headDim;
    int values = keys + numKeyValueHeads * headDim;
    for (int head = 0; head < numKeyValueHeads; head++) {
      blocks.store(block, head, token, qkv, keys + head * headDim, values + head * headDim);
    }
  }
}
