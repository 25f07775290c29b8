package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.util.Arrays;

/**
 * The loops of attention around the inner kernels of vectors of 128 or 256 bits. The keys, or the
 * values, of a head in four blocks of the cache are first brought by {@link NearBlocks}, and then
 * computed on from the cache of the CPU: the kernels have too many instructions for a cache line to
 * keep enough lines on their way.
 */
final class NarrowAttention {

  /** Keys of the blocks that are brought at a time. */
  private static final int KEYS = AttentionScratch.BLOCKS * BLOCK_TOKENS;

  /** Two vectors of keys of a block, or of dimensions of a tile, have one address. */
  private static final int PAIR = 2 * LANES;

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
    int elements = shape.headDim() * BLOCK_TOKENS;
    int packed = shape.packedElements() / shape.numKeyValueHeads();
    for (int key = 0; key < numKeys; key += KEYS) {
      int end = Math.min(numKeys, key + KEYS);
      for (int head = 0; head < shape.numKeyValueHeads(); head++) {
        float[] keys =
            NearBlocks.bring(
                cache, shape.keysOffset(head), elements, blockTable, key, end, scratch);
        // a query before the last one has no use for keys that begin after it
        for (int i = Math.max(0, key - firstPosition); i < numQueries; i++) {
          int packedAt = shape.packedAt(i, scoresStride) + head * packed;
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
      for (; at + PAIR < end; at += 2 * PAIR) {
        int next = at + PAIR;
        NarrowAttentionScores.twoPairs(
            scores,
            trioAt,
            headDim,
            keys,
            VectorAttention.keysAt(scratch, at),
            VectorAttention.keysAt(scratch, next),
            row + VectorAttention.tileAt(shape, at),
            row + VectorAttention.tileAt(shape, next));
      }
      if (at < end) {
        int keysAt = VectorAttention.keysAt(scratch, at);
        int to = row + VectorAttention.tileAt(shape, at);
        NarrowAttentionScores.onePair(scores, trioAt, headDim, keys, keysAt, to);
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
    for (int i = 0; i < numQueries; i++) {
      int sumsAt = shape.packedAt(i, weightsStride);
      Arrays.fill(scratch.scores, sumsAt, sumsAt + shape.packedElements(), 0f);
    }
    int elements = shape.headDim() * BLOCK_TOKENS;
    int packed = shape.packedElements() / shape.numKeyValueHeads();
    for (int first = 0; first < numKeys; first += KEYS) {
      int end = Math.min(numKeys, first + KEYS);
      for (int head = 0; head < shape.numKeyValueHeads(); head++) {
        float[] values =
            NearBlocks.bring(
                cache, shape.valuesOffset(head), elements, blockTable, first, end, scratch);
        for (int i = Math.max(0, first - firstPosition); i < numQueries; i++) {
          int weightsAt = i * weightsStride + first * shape.numHeads();
          int sumsAt = shape.packedAt(i, weightsStride) + head * packed;
          int count = Math.min(KEYS, firstPosition + i + 1 - first);
          int outAt = outOffset + i * outStride;
          outputs(shape, head, scratch, weightsAt, sumsAt, values, count, out, outAt);
        }
      }
    }
    for (int i = 0; i < numQueries; i++) {
      int sumsAt = shape.packedAt(i, weightsStride);
      unpackTrios(shape, scratch.scores, sumsAt, out, outOffset + i * outStride);
    }
  }

  /** Copies the sums of heads that were taken three at a time to where the outputs belong. */
  private static void unpackTrios(
      AttentionShape shape, float[] sums, int sumsAt, float[] out, int outAt) {
    int headDim = shape.headDim();
    int whole = shape.wholeTiles();
    for (int keyValueHead = 0; keyValueHead < shape.numKeyValueHeads(); keyValueHead++) {
      for (int trio = 0; trio < shape.trios(); trio++) {
        int at = sumsAt;
        int to = outAt + (keyValueHead * shape.group() + 3 * trio) * headDim;
        for (int d = 0; d < whole; d += 2 * PAIR) {
          int width = Math.min(2 * PAIR, whole - d);
          for (int head = 0; head < 3; head++, at += width) {
            System.arraycopy(sums, at, out, to + head * headDim + d, width);
          }
        }
        sumsAt += headDim * VectorAttentionScores.QUERY_STEP;
      }
    }
  }

  /**
   * Adds the weighted values of the blocks brought last to the outputs of one query's heads of a
   * key/value head.
   *
   * @param count keys of those blocks that the query attends to
   */
  private static void outputs(
      AttentionShape shape,
      int keyValueHead,
      AttentionScratch scratch,
      int weightsAt,
      int sumsAt,
      float[] values,
      int count,
      float[] out,
      int outAt) {
    int headDim = shape.headDim();
    int whole = shape.wholeTiles();
    int head = keyValueHead * shape.group();
    int end = head + shape.group();
    int trioAt = sumsAt;
    for (; head + 3 <= end; head += 3) {
      int row = weightsAt + head * BLOCK_TOKENS;
      for (int d = 0; d < whole; d += 2 * PAIR) {
        trio(shape, scratch, row, trioAt + 3 * d, values, d, count);
      }
      trioAt += headDim * VectorAttentionScores.QUERY_STEP;
    }
    for (int key = 0; key < count; key += BLOCK_TOKENS) {
      int row = weightsAt + key * shape.numHeads();
      int valuesAt = scratch.starts[key / BLOCK_TOKENS];
      int left = Math.min(BLOCK_TOKENS, count - key);
      rest(shape, keyValueHead, head, scratch.scores, row, values, valuesAt, left, out, outAt);
    }
  }

  /** Adds to the sums of three heads in one or two pairs of vectors, from dimension d on. */
  private static void trio(
      AttentionShape shape,
      AttentionScratch scratch,
      int weightsAt,
      int sumsAt,
      float[] values,
      int d,
      int count) {
    float[] sums = scratch.scores;
    int[] starts = scratch.starts;
    int blockWeights = shape.numHeads() * BLOCK_TOKENS;
    int part = AttentionShape.valueAt(d);
    boolean two = d + PAIR < shape.wholeTiles();
    int key = 0;
    for (; two && key + 2 * BLOCK_TOKENS <= count; key += 2 * BLOCK_TOKENS) {
      int block = key / BLOCK_TOKENS;
      int row = weightsAt + block * blockWeights;
      int valuesAt = starts[block] + part;
      int nextAt = starts[block + 1] + part;
      NarrowAttentionOutput.twoBlocks(
          sums, row, row + blockWeights, sumsAt, values, valuesAt, nextAt);
    }
    for (; key < count; key += BLOCK_TOKENS) {
      int block = key / BLOCK_TOKENS;
      int row = weightsAt + block * blockWeights;
      int valuesAt = starts[block] + part;
      int left = Math.min(BLOCK_TOKENS, count - key);
      if (two) {
        NarrowAttentionOutput.twoPairs(sums, row, sumsAt, values, valuesAt, left);
      } else {
        NarrowAttentionOutput.onePair(sums, row, sumsAt, values, valuesAt, left);
      }
    }
  }

  /** Adds a block's weighted values for heads from {@code head} on, and dimensions, left over. */
  private static void rest(
      AttentionShape shape,
      int keyValueHead,
      int head,
      float[] weights,
      int weightsAt,
      float[] values,
      int valuesAt,
      int count,
      float[] out,
      int outAt) {
    int headDim = shape.headDim();
    int whole = shape.wholeTiles();
    int end = (keyValueHead + 1) * shape.group();
    for (; head < end; head++) {
      int to = outAt + head * headDim;
      int row = weightsAt + head * BLOCK_TOKENS;
      for (int d = 0; d < whole; d += 2 * PAIR) {
        // the last two of an odd number of pairs are summed twice
        int next = d + PAIR < whole ? d + PAIR : d;
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
