package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;

/**
 * The loops of attention around the inner kernels of 512-bit vectors: blocks, then queries, then
 * heads, because the keys, or the values, of all heads of a block lie next to each other in memory.
 */
final class WideAttention {

  /** Keys of one inner kernel. */
  private static final int KEYS = 4 * LANES;

  /** Dimensions of one of the two parts of an inner kernel over values. */
  private static final int DIMENSIONS = 2 * LANES;

  private WideAttention() {}

  /** Scores of all queries, rows {@code scoresStride} apart that end with the packed trios. */
  static void scores(
      float[] query,
      int queryOffset,
      int queryStride,
      int numQueries,
      int firstPosition,
      KeyValueBlocks cache,
      int[] blockTable,
      AttentionScratch scratch,
      int scoresStride) {
    AttentionShape shape = cache.shape();
    int numKeys = firstPosition + numQueries;
    int elements = shape.valuesOffset(0);
    for (int key = 0; key < numKeys; key += KEYS) {
      float[] keys = NearBlocks.bring(cache, 0, elements, blockTable, key, numKeys, scratch);
      // a query before the last one has no use for a block that begins after it
      for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
        int queryAt = queryOffset + i * queryStride;
        int packedAt = shape.packedAt(i, scoresStride);
        scores(shape, query, queryAt, packedAt, keys, key, numKeys, scratch, i * scoresStride);
      }
    }
  }

  /** Scores of one query with up to {@link #KEYS} keys; vectors past the end repeat the first. */
  private static void scores(
      AttentionShape shape,
      float[] query,
      int queryAt,
      int packedAt,
      float[] keys,
      int key,
      int numKeys,
      AttentionScratch scratch,
      int scoresAt) {
    float[] scores = scratch.scores;
    int key1 = key + LANES < numKeys ? key + LANES : key;
    int key2 = key + 2 * LANES < numKeys ? key + 2 * LANES : key;
    int key3 = key + 3 * LANES < numKeys ? key + 3 * LANES : key;
    int a = VectorAttention.keysAt(scratch, key);
    int b = VectorAttention.keysAt(scratch, key1);
    int c = VectorAttention.keysAt(scratch, key2);
    int d = VectorAttention.keysAt(scratch, key3);
    int toA = scoresAt + VectorAttention.tileAt(shape, key);
    int toB = scoresAt + VectorAttention.tileAt(shape, key1);
    int toC = scoresAt + VectorAttention.tileAt(shape, key2);
    int toD = scoresAt + VectorAttention.tileAt(shape, key3);
    int headDim = shape.headDim();
    int group = shape.group();
    int trioAt = packedAt;
    for (int keyValueHead = 0; keyValueHead < shape.numKeyValueHeads(); keyValueHead++) {
      int at = shape.keysOffset(keyValueHead);
      int head = keyValueHead * group;
      int end = head + group;
      for (; head + 3 <= end; head += 3) {
        int to = head * BLOCK_TOKENS;
        WideAttentionScores.threeHeads(
            scores, trioAt, headDim, keys, a + at, b + at, c + at, d + at, scores, toA + to,
            toB + to, toC + to, toD + to);
        trioAt += headDim * VectorAttentionScores.QUERY_STEP;
      }
      for (; head < end; head++) {
        int headAt = queryAt + head * headDim;
        int to = head * BLOCK_TOKENS;
        VectorAttentionScores.oneHead(
            query, headAt, headDim, keys, a + at, b + at, c + at, d + at, scores, toA + to,
            toB + to, toC + to, toD + to);
      }
    }
  }

  /** Adds the weighted values to the outputs of all queries. */
  static void outputs(
      int numQueries,
      int firstPosition,
      KeyValueBlocks cache,
      int[] blockTable,
      AttentionScratch scratch,
      int weightsStride,
      float[] out,
      int outOffset,
      int outStride) {
    AttentionShape shape = cache.shape();
    int numKeys = firstPosition + numQueries;
    int partAt = shape.valuesOffset(0);
    for (int first = 0; first < numKeys; first += KEYS) {
      int end = Math.min(numKeys, first + KEYS);
      float[] values = NearBlocks.bring(cache, partAt, partAt, blockTable, first, end, scratch);
      for (int key = first; key < end; key += BLOCK_TOKENS) {
        int block = scratch.starts[(key - first) / BLOCK_TOKENS] - partAt;
        for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
          int weightsAt = i * weightsStride + key * shape.numHeads();
          int count = Math.min(BLOCK_TOKENS, firstPosition + i + 1 - key);
          int outAt = outOffset + i * outStride;
          outputs(shape, scratch.scores, weightsAt, values, block, count, out, outAt);
        }
      }
    }
  }

  /**
   * Adds a block's weighted values to the outputs of one query. A kernel has two parts: of two
   * key/value heads, so that two pages of memory are read at a time, or of one.
   */
  private static void outputs(
      AttentionShape shape,
      float[] weights,
      int weightsAt,
      float[] values,
      int block,
      int count,
      float[] out,
      int outAt) {
    int headDim = shape.headDim();
    int whole = shape.wholeTiles() / DIMENSIONS * DIMENSIONS;
    int keyValueHead = 0;
    for (; keyValueHead + 2 <= shape.numKeyValueHeads(); keyValueHead += 2) {
      for (int d = 0; d < whole; d += DIMENSIONS) {
        parts(
            shape,
            weights,
            weightsAt,
            values,
            block,
            count,
            out,
            outAt,
            keyValueHead,
            d,
            keyValueHead + 1,
            d);
      }
    }
    for (; keyValueHead < shape.numKeyValueHeads(); keyValueHead++) {
      for (int d = 0; d < whole; d += 2 * DIMENSIONS) {
        int next = d + DIMENSIONS < whole ? d + DIMENSIONS : d;
        parts(
            shape,
            weights,
            weightsAt,
            values,
            block,
            count,
            out,
            outAt,
            keyValueHead,
            d,
            keyValueHead,
            next);
      }
    }
    if (whole < headDim) {
      for (int head = 0; head < shape.numHeads(); head++) {
        VectorAttentionOutput.rest(
            shape,
            head / shape.group(),
            weights,
            weightsAt + head * BLOCK_TOKENS,
            values,
            block,
            whole,
            count,
            out,
            outAt + head * headDim);
      }
    }
  }

  /** Two parts, which may be the same one: then both are the same sums. */
  private static void parts(
      AttentionShape shape,
      float[] weights,
      int weightsAt,
      float[] values,
      int block,
      int count,
      float[] out,
      int outAt,
      int headA,
      int dimensionA,
      int headB,
      int dimensionB) {
    int headDim = shape.headDim();
    int group = shape.group();
    int valuesA = block + shape.valueAt(headA, 0, dimensionA);
    int valuesB = block + shape.valueAt(headB, 0, dimensionB);
    int weightsA = weightsAt + headA * group * BLOCK_TOKENS;
    int weightsB = weightsAt + headB * group * BLOCK_TOKENS;
    int outA = outAt + headA * group * headDim + dimensionA;
    int outB = outAt + headB * group * headDim + dimensionB;
    int head = 0;
    for (; head + 3 <= group; head += 3) {
      int row = head * BLOCK_TOKENS;
      int to = head * headDim;
      WideAttentionOutput.threeHeads(
          weights,
          weightsA + row,
          weightsB + row,
          values,
          valuesA,
          valuesB,
          headDim,
          count,
          out,
          outA + to,
          outB + to);
    }
    for (; head < group; head++) {
      int row = head * BLOCK_TOKENS;
      int to = head * headDim;
      VectorAttentionOutput.oneHead(
          weights,
          weightsA + row,
          weightsB + row,
          values,
          valuesA,
          valuesB,
          headDim,
          count,
          out,
          outA + to,
          outB + to);
    }
  }
}
