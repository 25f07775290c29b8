package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Query times keys. The lanes run over the tokens of a block; two vectors of keys and three heads
 * make six accumulators that share every load, enough to keep the multiply-adds busy. Blocks lie
 * apart in memory, so a line of the next one is touched with each dimension. A block that is not
 * full has defined lanes only for its own keys; the others are computed and ignored.
 */
final class VectorAttentionScores {

  /** Keeps the touched elements alive; never read, so that races on it do not matter. */
  private static int touched;

  private VectorAttentionScores() {}

  static void scores(
      float[] query,
      int queryOffset,
      int numHeads,
      int headDim,
      float[] cache,
      int keysOffset,
      int blockStride,
      int[] blockTable,
      int numKeys,
      float[] scores,
      int scoresStride) {
    for (int key = 0; key < numKeys; key += 2 * LANES) {
      int first = keysAt(key, keysOffset, blockStride, blockTable);
      int secondKey = key + LANES;
      int head = 0;
      if (secondKey < numKeys) {
        int second = keysAt(secondKey, keysOffset, blockStride, blockTable);
        int nextKey = key + 2 * LANES < numKeys ? key + 2 * LANES : key;
        int next = keysAt(nextKey, keysOffset, blockStride, blockTable);
        for (; head + 3 <= numHeads; head += 3) {
          touched +=
              threeHeads(
                  query,
                  queryOffset + head * headDim,
                  headDim,
                  cache,
                  first,
                  second,
                  next,
                  scores,
                  head * scoresStride + key,
                  scoresStride);
        }
        for (; head < numHeads; head++) {
          oneHead(
              query,
              queryOffset + head * headDim,
              headDim,
              cache,
              first,
              second,
              scores,
              head * scoresStride + key);
        }
      } else {
        for (; head < numHeads; head++) {
          oneHeadOneVector(
              query,
              queryOffset + head * headDim,
              headDim,
              cache,
              first,
              scores,
              head * scoresStride + key);
        }
      }
    }
  }

  private static int keysAt(int key, int keysOffset, int blockStride, int[] blockTable) {
    return keysOffset + blockTable[key / BLOCK_TOKENS] * blockStride + key % BLOCK_TOKENS;
  }

  private static int threeHeads(
      float[] query,
      int queryAt,
      int headDim,
      float[] cache,
      int first,
      int second,
      int next,
      float[] scores,
      int scoresAt,
      int scoresStride) {
    FloatVector score0a = FloatVector.zero(FLOATS);
    FloatVector score0b = FloatVector.zero(FLOATS);
    FloatVector score1a = FloatVector.zero(FLOATS);
    FloatVector score1b = FloatVector.zero(FLOATS);
    FloatVector score2a = FloatVector.zero(FLOATS);
    FloatVector score2b = FloatVector.zero(FLOATS);
    int ahead = 0;
    for (int d = 0; d < headDim; d++) {
      ahead ^= Float.floatToRawIntBits(cache[next + d * BLOCK_TOKENS]);
      FloatVector a = FloatVector.fromArray(FLOATS, cache, first + d * BLOCK_TOKENS);
      FloatVector b = FloatVector.fromArray(FLOATS, cache, second + d * BLOCK_TOKENS);
      FloatVector q0 = FloatVector.broadcast(FLOATS, query[queryAt + d]);
      score0a = q0.fma(a, score0a);
      score0b = q0.fma(b, score0b);
      FloatVector q1 = FloatVector.broadcast(FLOATS, query[queryAt + headDim + d]);
      score1a = q1.fma(a, score1a);
      score1b = q1.fma(b, score1b);
      FloatVector q2 = FloatVector.broadcast(FLOATS, query[queryAt + 2 * headDim + d]);
      score2a = q2.fma(a, score2a);
      score2b = q2.fma(b, score2b);
    }
    score0a.intoArray(scores, scoresAt);
    score0b.intoArray(scores, scoresAt + LANES);
    score1a.intoArray(scores, scoresAt + scoresStride);
    score1b.intoArray(scores, scoresAt + scoresStride + LANES);
    score2a.intoArray(scores, scoresAt + 2 * scoresStride);
    score2b.intoArray(scores, scoresAt + 2 * scoresStride + LANES);
    return ahead;
  }

  private static void oneHead(
      float[] query,
      int queryAt,
      int headDim,
      float[] cache,
      int first,
      int second,
      float[] scores,
      int scoresAt) {
    FloatVector score0a = FloatVector.zero(FLOATS);
    FloatVector score0b = FloatVector.zero(FLOATS);
    for (int d = 0; d < headDim; d++) {
      FloatVector a = FloatVector.fromArray(FLOATS, cache, first + d * BLOCK_TOKENS);
      FloatVector b = FloatVector.fromArray(FLOATS, cache, second + d * BLOCK_TOKENS);
      FloatVector q0 = FloatVector.broadcast(FLOATS, query[queryAt + d]);
      score0a = q0.fma(a, score0a);
      score0b = q0.fma(b, score0b);
    }
    score0a.intoArray(scores, scoresAt);
    score0b.intoArray(scores, scoresAt + LANES);
  }

  private static void oneHeadOneVector(
      float[] query,
      int queryAt,
      int headDim,
      float[] cache,
      int first,
      float[] scores,
      int scoresAt) {
    FloatVector score = FloatVector.zero(FLOATS);
    for (int d = 0; d < headDim; d++) {
      FloatVector a = FloatVector.fromArray(FLOATS, cache, first + d * BLOCK_TOKENS);
      score = FloatVector.broadcast(FLOATS, query[queryAt + d]).fma(a, score);
    }
    score.intoArray(scores, scoresAt);
  }
}
