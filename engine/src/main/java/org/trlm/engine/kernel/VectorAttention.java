package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.util.Arrays;

/**
 * Attention in three passes: scores over the keys, softmax, outputs over the values. Blocks of the
 * key/value cache are the outermost loop of a pass, so that what one query has read from memory is
 * in the cache of the CPU for the next one.
 *
 * <p>Scores are tiles {@code [query][block][head][16]}: the kernels that write and read them find
 * the heads at constant distances, and a tile is the 16 partial sums of the softmax. Queries are
 * packed behind the scores of their query, three heads together, for the same reason.
 */
final class VectorAttention {

  private static final boolean WIDE = LANES == 16;

  private VectorAttention() {}

  static void attention(
      float[] query,
      int queryOffset,
      int queryStride,
      int numQueries,
      int firstPosition,
      KeyValueBlocks cache,
      int[] blockTable,
      AttentionScratch scratch,
      float[] out,
      int outOffset,
      int outStride) {
    AttentionShape shape = cache.shape();
    float[] scores = scratch.scores;
    int stride = (int) shape.scoreElements(firstPosition + numQueries);
    for (int i = 0; i < numQueries; i++) {
      int packedAt = shape.packedAt(i, stride);
      packTrios(shape, query, queryOffset + i * queryStride, scores, packedAt);
    }
    if (WIDE) {
      WideAttention.scores(
          query,
          queryOffset,
          queryStride,
          numQueries,
          firstPosition,
          cache,
          blockTable,
          scratch,
          stride);
    } else {
      NarrowAttention.scores(
          query,
          queryOffset,
          queryStride,
          numQueries,
          firstPosition,
          cache,
          blockTable,
          scratch,
          stride);
    }
    for (int i = 0; i < numQueries; i++) {
      int perHeadAt = shape.packedAt(i, stride) - shape.perHeadElements();
      VectorSoftmax.softmax(
          scores, i * stride, shape.numHeads(), firstPosition + i + 1, shape.scale(), perHeadAt);
      int outAt = outOffset + i * outStride;
      Arrays.fill(out, outAt, outAt + shape.numHeads() * shape.headDim(), 0f);
    }
    if (WIDE) {
      WideAttention.outputs(
          numQueries, firstPosition, cache, blockTable, scratch, stride, out, outOffset, outStride);
    } else {
      NarrowAttention.outputs(
          numQueries, firstPosition, cache, blockTable, scratch, stride, out, outOffset, outStride);
    }
  }

  private static void packTrios(
      AttentionShape shape, float[] query, int queryAt, float[] scratch, int packedAt) {
    int at = packedAt;
    for (int keyValueHead = 0; keyValueHead < shape.numKeyValueHeads(); keyValueHead++) {
      for (int trio = 0; trio < shape.trios(); trio++) {
        int head = keyValueHead * shape.group() + 3 * trio;
        int headAt = queryAt + head * shape.headDim();
        VectorAttentionScores.pack(query, headAt, shape.headDim(), scratch, at);
        at += shape.headDim() * VectorAttentionScores.QUERY_STEP;
      }
    }
  }

  /** Where a key begins that is among the blocks brought last; a vector of keys goes on there. */
  static int keysAt(AttentionScratch scratch, int key) {
    return scratch.starts[key / BLOCK_TOKENS % AttentionScratch.BLOCKS] + key % BLOCK_TOKENS;
  }

  static int tileAt(AttentionShape shape, int key) {
    return key / BLOCK_TOKENS * shape.numHeads() * BLOCK_TOKENS + key % BLOCK_TOKENS;
  }
}
