package org.trlm.engine.model;

import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * Grouped-query attention over the cached keys and values. Each token attends to positions 0 … its
 * own, in that order, whatever the chunk it came in. One per engine; holds the scores' scratch.
 */
final class Attention {

  private final Kernels kernels;
  private final KvCache cache;
  private final RotaryEmbedding rotaryEmbedding;
  private final int numHeads;
  private final int numKeyValueHeads;
  private final int headDim;
  private final float scale;

  /** {@code [query heads of a key/value head][scoresStride]} */
  private final float[] scores;

  private final int scoresStride;

  Attention(ModelWeights weights, KvCache cache, int maxModelLen) {
    ModelConfig config = weights.config();
    this.kernels = weights.kernels();
    this.cache = cache;
    this.rotaryEmbedding = weights.rotaryEmbedding(maxModelLen);
    this.numHeads = config.numAttentionHeads();
    this.numKeyValueHeads = config.numKeyValueHeads();
    this.headDim = config.headDim();
    this.scale = (float) (1.0 / Math.sqrt(headDim));
    this.scoresStride = scoresStride(maxModelLen);
    this.scores = new float[numHeads / numKeyValueHeads * scoresStride];
  }

  /** Room for the scores of one head: whole blocks. */
  static int scoresStride(int maxModelLen) {
    return KvCacheManager.blocksFor(maxModelLen) * KvCacheManager.BLOCK_SIZE;
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
      for (int token = batch.queryStart(sequence); token < end; token++) {
        int numKeys = batch.positions()[token] + 1;
        attend(
            layer, blockTable, numKeys, qkv, token * qkvStride, attended, token * attendedStride);
      }
    }
  }

  private void store(int layer, int position, int[] blockTable, float[] qkv, int at) {
    int block = blockTable[position / KvCacheManager.BLOCK_SIZE];
    int keys = at + numHeads * headDim;
    int values = keys + numKeyValueHeads * headDim;
    for (int head = 0; head < numKeyValueHeads; head++) {
      int inHead = head * headDim;
      cache.store(layer, head, position, block, qkv, keys + inHead, values + inHead);
    }
  }

  /** softmax(q · k / sqrt(headDim)) · v for all heads of one token. */
  private void attend(
      int layer,
      int[] blockTable,
      int numKeys,
      float[] queries,
      int queriesAt,
      float[] attended,
      int attendedAt) {
    int group = numHeads / numKeyValueHeads;
    float[] floats = cache.floats(layer);
    int blockStride = cache.blockStride();
    for (int head = 0; head < numKeyValueHeads; head++) {
      int inGroup = head * group * headDim;
      // scores [group][numKeys]: the query heads of a group share the loads of their keys
      kernels.attentionScores(
          queries,
          queriesAt + inGroup,
          group,
          headDim,
          floats,
          cache.keysOffset(layer, head),
          blockStride,
          blockTable,
          numKeys,
          scores,
          scoresStride);
      // softmax over the row, in place
      for (int query = 0; query < group; query++) {
        int row = query * scoresStride;
        float max = kernels.max(scores, row, numKeys);
        float sum = kernels.softmaxNumerators(scores, row, max, scale, scores, row, numKeys);
        kernels.scale(scores, row, 1f / sum, numKeys);
      }
      // weighted sums of values [group][headDim]
      kernels.attentionOutput(
          scores,
          scoresStride,
          group,
          headDim,
          floats,
          cache.valuesOffset(layer, head),
          blockStride,
          blockTable,
          numKeys,
          attended,
          attendedAt + inGroup);
    }
  }
}
