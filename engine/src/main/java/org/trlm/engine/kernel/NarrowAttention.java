package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;

/**
 * The loops of attention around the inner kernels of vectors of 128 or 256 bits. The keys, or the
 * values, of a head in four blocks of the cache are first brought by {@link NearBlocks}, and then
 * computed on from the cache of the CPU: the kernels have too many instructions for a cache line to
 * keep enough lines on their way.
 */
final class NarrowAttention {

  /** Keys of the blocks that are brought at a time. */
  private static final int KEYS = AttentionScratch.BLOCKS * BLOCK_TOKENS;

  private NarrowAttention() {}

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
    int packed = shape.packedElements() / shape.numKeyValueHeads();
    int elements = shape.headDim() * BLOCK_TOKENS;
    for (int key = 0; key < numKeys; key += KEYS) {
      int end = Math.min(numKeys, key + KEYS);
      for (int head = 0; head < shape.numKeyValueHeads(); head++) {
        float[] keys =
            NearBlocks.bring(
                cache, shape.keysOffset(head), elements, blockTable, key, end, scratch);
        // a query before the last one has no use for keys that begin after it
        for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
          int packedAt = (i + 1) * scoresStride - shape.packedElements() + head * packed;
          int queryAt = queryOffset + i * queryStride;
          scores(shape, head, query, queryAt, packedAt, keys, key, end, scratch, i * scoresStride);
        }
      }
    }
  }

  /** Scores of one query's heads of a key/value head with the keys {@code [key, end)}. */
  private static void scores(
      AttentionShape shape,
      int keyValueHead,
      float[] query,
      int queryAt,
      int packedAt,
      float[] keys,
      int key,
      int end,
      AttentionScratch scratch,
      int scoresAt) {
    float[] scores = scratch.scores;
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
        int a = VectorAttention.keysAt(scratch, at);
        int b = VectorAttention.keysAt(scratch, next);
        int toA = row + VectorAttention.tileAt(shape, at);
        int toB = row + VectorAttention.tileAt(shape, next);
        if (left % 3 == 0) {
          int last = at + 2 * LANES;
          int c = VectorAttention.keysAt(scratch, last);
          int toC = row + VectorAttention.tileAt(shape, last);
          NarrowAttentionScores.threeVectors(
              scores, trioAt, headDim, keys, a, b, c, scores, toA, toB, toC);
          at += 3 * LANES;
        } else {
          NarrowAttentionScores.twoVectors(scores, trioAt, headDim, keys, a, b, scores, toA, toB);
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
            keys,
            VectorAttention.keysAt(scratch, at),
            VectorAttention.keysAt(scratch, at1),
            VectorAttention.keysAt(scratch, at2),
            VectorAttention.keysAt(scratch, at3),
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
    int elements = shape.headDim() * BLOCK_TOKENS;
    for (int first = 0; first < numKeys; first += KEYS) {
      int end = Math.min(numKeys, first + KEYS);
      for (int head = 0; head < shape.numKeyValueHeads(); head++) {
        float[] values =
            NearBlocks.bring(
                cache, shape.valuesOffset(head), elements, blockTable, first, end, scratch);
        for (int key = first; key < end; key += BLOCK_TOKENS) {
          int valuesAt = scratch.starts[(key - first) / BLOCK_TOKENS];
          for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
            int weightsAt = i * weightsStride + key * shape.numHeads();
            int count = Math.min(BLOCK_TOKENS, firstPosition + i + 1 - key);
            int outAt = outOffset + i * outStride;
            outputs(shape, head, scratch.scores, weightsAt, values, valuesAt, count, out, outAt);
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
      float[] values,
      int valuesAt,
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
        int a = valuesAt + AttentionShape.valueAt(d);
        int b = valuesAt + AttentionShape.valueAt(d + LANES);
        if ((whole - d) % (3 * LANES) == 0) {
          int c = valuesAt + AttentionShape.valueAt(d + 2 * LANES);
          NarrowAttentionOutput.threeVectors(
              weights, row, values, a, b, c, headDim, count, out, to + d);
          d += 3 * LANES;
        } else {
          NarrowAttentionOutput.twoVectors(weights, row, values, a, b, headDim, count, out, to + d);
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
            values,
            valuesAt + AttentionShape.valueAt(d),
            valuesAt + AttentionShape.valueAt(next),
            headDim,
            count,
            out,
            to + d,
            to + next);
      }
    }
    if (whole < headDim) {
      int block = valuesAt - shape.valuesOffset(keyValueHead);
      for (int i = keyValueHead * shape.group(); i < end; i++) {
        VectorAttentionOutput.rest(
            shape,
            keyValueHead,
            weights,
            weightsAt + i * BLOCK_TOKENS,
            values,
            block,
            whole,
            count,
            out,
            outAt + i * headDim);
      }
    }
  }
}
