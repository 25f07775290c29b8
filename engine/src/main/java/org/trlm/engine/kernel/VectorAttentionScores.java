package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;

import jdk.incubator.vector.FloatVector;

/**
 * Query times keys at every width: the lanes run over the tokens of a block. Heads are taken by
 * three, by {@link WideAttentionScores} or {@link NarrowAttentionScores}, and one by one here.
 */
final class VectorAttentionScores {

  /** Elements from one dimension of three heads' queries to the next. */
  static final int QUERY_STEP = 4;

  private VectorAttentionScores() {}

  /** Copies the queries of three heads to {@code [headDim][4]}, one address for a kernel. */
  static void pack(float[] query, int queryAt, int headDim, float[] packed, int packedAt) {
    for (int i = 0; i < headDim; i++) {
      int step = packedAt + i * QUERY_STEP;
      packed[step] = query[queryAt + i];
      packed[step + 1] = query[queryAt + headDim + i];
      packed[step + 2] = query[queryAt + 2 * headDim + i];
    }
  }

  /**
   * Scores of one head with four vectors of keys.
   *
   * @param a where the first vector of keys {@code [headDim][16]} begins in the cache
   * @param toA where the scores with them go
   */
  static void oneHead(
      float[] query,
      int queryAt,
      int headDim,
      float[] cache,
      int a,
      int b,
      int c,
      int d,
      float[] scores,
      int toA,
      int toB,
      int toC,
      int toD) {
    FloatVector scoreA = FloatVector.zero(FLOATS);
    FloatVector scoreB = FloatVector.zero(FLOATS);
    FloatVector scoreC = FloatVector.zero(FLOATS);
    FloatVector scoreD = FloatVector.zero(FLOATS);
    for (int i = 0; i < headDim; i++) {
      FloatVector q = FloatVector.broadcast(FLOATS, query[queryAt + i]);
      scoreA = q.fma(FloatVector.fromArray(FLOATS, cache, a + i * BLOCK_TOKENS), scoreA);
      scoreB = q.fma(FloatVector.fromArray(FLOATS, cache, b + i * BLOCK_TOKENS), scoreB);
      scoreC = q.fma(FloatVector.fromArray(FLOATS, cache, c + i * BLOCK_TOKENS), scoreC);
      scoreD = q.fma(FloatVector.fromArray(FLOATS, cache, d + i * BLOCK_TOKENS), scoreD);
    }
    scoreA.intoArray(scores, toA);
    scoreB.intoArray(scores, toB);
    scoreC.intoArray(scores, toC);
    scoreD.intoArray(scores, toD);
  }
}
