package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;

/**
 * The loops of attention around the inner kernels of vectors of 128 or 256 bits. The keys, or the
 * values, of a head in four blocks of the cache are first read side by side, and then computed on
 * from the cache of the CPU: four pages of memory at a time come nearly twice as fast as one after
 * the other, and the kernels have too many instructions for a cache line to keep enough lines on
 * their way.
 */
final class NarrowAttention {

  /** Blocks that are read side by side. */
  private static final int BLOCKS = 4;

  private static final int KEYS = BLOCKS * BLOCK_TOKENS;

  /** Keeps what was touched alive; never read, so that races on it do not matter. */
  private static int touched;

  private NarrowAttention() {}

  /** Scores of all queries, rows {@code scoresStride} apart that end with the packed trios. */
  static void scores(
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
      int scoresStride) {
    int numKeys = firstPosition + numQueries;
    int packed = shape.packedElements() / shape.numKeyValueHeads();
    for (int key = 0; key < numKeys; key += KEYS) {
      int end = Math.min(numKeys, key + KEYS);
      for (int head = 0; head < shape.numKeyValueHeads(); head++) {
        int keys = cacheOffset + shape.keysOffset(head);
        touch(shape, cache, keys, blockTable, key, end);
        // a query before the last one has no use for keys that begin after it
        for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
          int packedAt = (i + 1) * scoresStride - shape.packedElements() + head * packed;
          int queryAt = queryOffset + i * queryStride;
          scores(
              shape,
              head,
              query,
              queryAt,
              packedAt,
              cache,
              keys,
              blockTable,
              key,
              end,
              scores,
              i * scoresStride);
        }
      }
    }
  }

  /** Reads a line a step of each of four blocks; blocks past the end are the first again. */
  private static void touch(
      AttentionShape shape, float[] cache, int offset, int[] blockTable, int key, int end) {
    int second = key + BLOCK_TOKENS < end ? key + BLOCK_TOKENS : key;
    int third = key + 2 * BLOCK_TOKENS < end ? key + 2 * BLOCK_TOKENS : key;
    int fourth = key + 3 * BLOCK_TOKENS < end ? key + 3 * BLOCK_TOKENS : key;
    int a = VectorAttention.blockAt(shape, key, offset, blockTable);
    int b = VectorAttention.blockAt(shape, second, offset, blockTable);
    int c = VectorAttention.blockAt(shape, third, offset, blockTable);
    int d = VectorAttention.blockAt(shape, fourth, offset, blockTable);
    touched ^= touch(cache, a, b, c, d, shape.headDim() * BLOCK_TOKENS);
  }

  private static int touch(float[] cache, int a, int b, int c, int d, int elements) {
    int touched = 0;
    for (int i = 0; i < elements; i += BLOCK_TOKENS) {
      touched ^= Float.floatToRawIntBits(cache[a + i]);
      touched ^= Float.floatToRawIntBits(cache[b + i]);
      touched ^= Float.floatToRawIntBits(cache[c + i]);
      touched ^= Float.floatToRawIntBits(cache[d + i]);
    }
    return touched;
  }

  /** Scores of one query's heads of a key/value head with the keys {@code [key, end)}. */
  private static void scores(
      AttentionShape shape,
      int keyValueHead,
      float[] query,
      int queryAt,
      int packedAt,
      float[] cache,
      int keys,
      int[] blockTable,
      int key,
      int end,
      float[] scores,
      int scoresAt) {
    int headDim = shape.headDim();
    int head = keyValueHead * shape.group();
    int endHead = head + shape.group();
    int trioAt = packedAt;
    for (; head + 3 <= endHead; head += 3) {
      int row = scoresAt + head * BLOCK_TOKENS;
      int at = key;
      while (at < end) {
        int left = (end - at + LANES - 1) / LANES;
        int next = left > 1 ? at + LANES : at;
        int a = VectorAttention.keysAt(shape, at, keys, blockTable);
        int b = VectorAttention.keysAt(shape, next, keys, blockTable);
        int toA = row + VectorAttention.tileAt(shape, at);
        int toB = row + VectorAttention.tileAt(shape, next);
        if (left % 3 == 0) {
          int last = at + 2 * LANES;
          int c = VectorAttention.keysAt(shape, last, keys, blockTable);
          int toC = row + VectorAttention.tileAt(shape, last);
          NarrowAttentionScores.threeVectors(
              scores, trioAt, headDim, cache, a, b, c, scores, toA, toB, toC);
          at += 3 * LANES;
        } else {
          NarrowAttentionScores.twoVectors(scores, trioAt, headDim, cache, a, b, scores, toA, toB);
          at += 2 * LANES;
        }
      }
      trioAt += headDim * VectorAttentionScores.QUERY_STEP;
    }
    for (; head < endHead; head++) {
      int row = scoresAt + head * BLOCK_TOKENS;
      for (int at = key; at < end; at += 4 * LANES) {
        int at1 = at + LANES < end ? at + LANES : at;
        int at2 = at + 2 * LANES < end ? at + 2 * LANES : at;
        int at3 = at + 3 * LANES < end ? at + 3 * LANES : at;
        VectorAttentionScores.oneHead(
            query,
            queryAt + head * headDim,
            headDim,
            cache,
            VectorAttention.keysAt(shape, at, keys, blockTable),
            VectorAttention.keysAt(shape, at1, keys, blockTable),
            VectorAttention.keysAt(shape, at2, keys, blockTable),
            VectorAttention.keysAt(shape, at3, keys, blockTable),
            scores,
            row + VectorAttention.tileAt(shape, at),
            row + VectorAttention.tileAt(shape, at1),
            row + VectorAttention.tileAt(shape, at2),
            row + VectorAttention.tileAt(shape, at3));
      }
    }
  }

  /** Adds the weighted values to the outputs of all queries. */
  static void outputs(
      AttentionShape shape,
      int numQueries,
      int firstPosition,
      float[] cache,
      int cacheOffset,
      int[] blockTable,
      float[] weights,
      int weightsStride,
      float[] out,
      int outOffset,
      int outStride) {
    int numKeys = firstPosition + numQueries;
    for (int first = 0; first < numKeys; first += KEYS) {
      int end = Math.min(numKeys, first + KEYS);
      for (int head = 0; head < shape.numKeyValueHeads(); head++) {
        int values = cacheOffset + shape.valuesOffset(head);
        touch(shape, cache, values, blockTable, first, end);
        for (int key = first; key < end; key += BLOCK_TOKENS) {
          int valuesAt = VectorAttention.blockAt(shape, key, values, blockTable);
          for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
            int weightsAt = i * weightsStride + key * shape.numHeads();
            int count = Math.min(BLOCK_TOKENS, firstPosition + i + 1 - key);
            int outAt = outOffset + i * outStride;
            outputs(shape, head, weights, weightsAt, cache, valuesAt, count, out, outAt);
          }
        }
      }
    }
  }

  /** Adds a block's weighted values to the outputs of one query's heads of a key/value head. */
  private static void outputs(
      AttentionShape shape,
      int keyValueHead,
      float[] weights,
      int weightsAt,
      float[] cache,
      int values,
      int count,
      float[] out,
      int outAt) {
    int headDim = shape.headDim();
    int whole = headDim / AttentionShape.TILE * AttentionShape.TILE;
    int head = keyValueHead * shape.group();
    int end = head + shape.group();
    for (; head + 3 <= end; head += 3) {
      int to = outAt + head * headDim;
      int row = weightsAt + head * BLOCK_TOKENS;
      int d = 0;
      // a head has an even number of vectors
      while (d < whole) {
        int a = values + AttentionShape.valueAt(d);
        int b = values + AttentionShape.valueAt(d + LANES);
        if ((whole - d) % (3 * LANES) == 0) {
          int c = values + AttentionShape.valueAt(d + 2 * LANES);
          NarrowAttentionOutput.threeVectors(
              weights, row, cache, a, b, c, headDim, count, out, to + d);
          d += 3 * LANES;
        } else {
          NarrowAttentionOutput.twoVectors(weights, row, cache, a, b, headDim, count, out, to + d);
          d += 2 * LANES;
        }
      }
    }
    for (; head < end; head++) {
      int to = outAt + head * headDim;
      int row = weightsAt + head * BLOCK_TOKENS;
      for (int d = 0; d < whole; d += 4 * LANES) {
        // the last two of an odd number of pairs are summed twice
        int next = d + 2 * LANES < whole ? d + 2 * LANES : d;
        VectorAttentionOutput.oneHead(
            weights,
            row,
            row,
            cache,
            values + AttentionShape.valueAt(d),
            values + AttentionShape.valueAt(next),
            headDim,
            count,
            out,
            to + d,
            to + next);
      }
    }
    if (whole < headDim) {
      int block = values - shape.valuesOffset(keyValueHead);
      for (int i = keyValueHead * shape.group(); i < end; i++) {
        VectorAttentionOutput.rest(
            shape,
            keyValueHead,
            weights,
            weightsAt + i * BLOCK_TOKENS,
            cache,
            block,
            whole,
            count,
            out,
            outAt + i * headDim);
      }
    }
  }
}
