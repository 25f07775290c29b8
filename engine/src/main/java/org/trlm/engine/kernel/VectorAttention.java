package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.util.Arrays;

/**
 * The loops of attention around its inner kernels. Blocks are the outermost loop, then queries,
 * then heads: the keys, and later the values, of all heads of a block lie next to each other in
 * memory, and a block that one query has read is in the cache for the next one.
 *
 * <p>Scores are tiles {@code [query][block][head][16]}: the kernels that write and read them find
 * the heads at constant distances, and a tile is the 16 partial sums of the softmax. Queries are
 * packed behind the scores of their query, three heads together, for the same reason.
 */
final class VectorAttention {

  /** Keys of one inner kernel. */
  private static final int KEYS = 4 * LANES;

  /** Dimensions of one of the two parts of an inner kernel over values. */
  private static final int DIMENSIONS = 2 * LANES;

  private VectorAttention() {}

  static void attention(
      AttentionShape shape,
      float[] query,
      int queryOffset,
      int queryStride,
      int numQueries,
      int firstPosition,
      float[] cache,
      int cacheOffset,
      int[] blockTable,
      float[] scores,
      float[] out,
      int outOffset,
      int outStride) {
    int numKeys = firstPosition + numQueries;
    int stride = (int) shape.scratchElements(numKeys);
    for (int i = 0; i < numQueries; i++) {
      int packedAt = (i + 1) * stride - shape.packedElements();
      packTrios(shape, query, queryOffset + i * queryStride, scores, packedAt);
    }
    for (int key = 0; key < numKeys; key += KEYS) {
      // a query before the last one has no use for a block that begins after it
      for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
        int queryAt = queryOffset + i * queryStride;
        int scoresAt = i * stride;
        int packedAt = (i + 1) * stride - shape.packedElements();
        scores(
            shape,
            query,
            queryAt,
            packedAt,
            cache,
            cacheOffset,
            blockTable,
            key,
            numKeys,
            scores,
            scoresAt);
      }
    }
    for (int i = 0; i < numQueries; i++) {
      for (int head = 0; head < shape.numHeads(); head++) {
        int at = i * stride + head * BLOCK_TOKENS;
        VectorSoftmax.softmax(
            scores, at, shape.numHeads() * BLOCK_TOKENS, firstPosition + i + 1, shape.scale());
      }
      int outAt = outOffset + i * outStride;
      Arrays.fill(out, outAt, outAt + shape.numHeads() * shape.headDim(), 0f);
    }
    for (int key = 0; key < numKeys; key += BLOCK_TOKENS) {
      int block = cacheOffset + blockTable[key / BLOCK_TOKENS] * shape.blockElements();
      for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
        int weightsAt = i * stride + key * shape.numHeads();
        int count = Math.min(BLOCK_TOKENS, firstPosition + i + 1 - key);
        outputs(shape, scores, weightsAt, cache, block, count, out, outOffset + i * outStride);
      }
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

  /** Scores of one query with up to {@link #KEYS} keys; vectors past the end repeat the first. */
  static void scores(
      AttentionShape shape,
      float[] query,
      int queryAt,
      int packedAt,
      float[] cache,
      int cacheOffset,
      int[] blockTable,
      int key,
      int numKeys,
      float[] scores,
      int scoresAt) {
    int key1 = key + LANES < numKeys ? key + LANES : key;
    int key2 = key + 2 * LANES < numKeys ? key + 2 * LANES : key;
    int key3 = key + 3 * LANES < numKeys ? key + 3 * LANES : key;
    int a = keysAt(shape, key, cacheOffset, blockTable);
    int b = keysAt(shape, key1, cacheOffset, blockTable);
    int c = keysAt(shape, key2, cacheOffset, blockTable);
    int d = keysAt(shape, key3, cacheOffset, blockTable);
    int toA = scoresAt + tileAt(shape, key);
    int toB = scoresAt + tileAt(shape, key1);
    int toC = scoresAt + tileAt(shape, key2);
    int toD = scoresAt + tileAt(shape, key3);
    int headDim = shape.headDim();
    int group = shape.group();
    int trioAt = packedAt;
    for (int keyValueHead = 0; keyValueHead < shape.numKeyValueHeads(); keyValueHead++) {
      int keys = shape.keysOffset(keyValueHead);
      int head = keyValueHead * group;
      int end = head + group;
      for (; head + 3 <= end; head += 3) {
        int to = head * BLOCK_TOKENS;
        VectorAttentionScores.threeHeads(
            scores, trioAt, headDim, cache, a + keys, b + keys, c + keys, d + keys, scores,
            toA + to, toB + to, toC + to, toD + to);
        trioAt += headDim * VectorAttentionScores.QUERY_STEP;
      }
      for (; head < end; head++) {
        int at = queryAt + head * headDim;
        int to = head * BLOCK_TOKENS;
        VectorAttentionScores.oneHead(
            query, at, headDim, cache, a + keys, b + keys, c + keys, d + keys, scores, toA + to,
            toB + to, toC + to, toD + to);
      }
    }
  }

  private static int keysAt(AttentionShape shape, int key, int cacheOffset, int[] blockTable) {
    int block = blockTable[key / BLOCK_TOKENS] * shape.blockElements();
    return cacheOffset + block + key % BLOCK_TOKENS;
  }

  private static int tileAt(AttentionShape shape, int key) {
    return key / BLOCK_TOKENS * shape.numHeads() * BLOCK_TOKENS + key % BLOCK_TOKENS;
  }

  /**
   * Adds a block's weighted values to the outputs of one query. A kernel has two parts: of two
   * key/value heads, so that two pages of memory are read at a time, or of one.
   */
  static void outputs(
      AttentionShape shape,
      float[] weights,
      int weightsAt,
      float[] cache,
      int block,
      int count,
      float[] out,
      int outAt) {
    int headDim = shape.headDim();
    int whole = headDim / AttentionShape.TILE * AttentionShape.TILE / DIMENSIONS * DIMENSIONS;
    int keyValueHead = 0;
    for (; keyValueHead + 2 <= shape.numKeyValueHeads(); keyValueHead += 2) {
      for (int d = 0; d < whole; d += DIMENSIONS) {
        parts(
            shape,
            weights,
            weightsAt,
            cache,
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
            cache,
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
            cache,
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
      float[] cache,
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
      VectorAttentionOutput.threeHeads(
          weights,
          weightsA + row,
          weightsB + row,
          cache,
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
          cache,
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
