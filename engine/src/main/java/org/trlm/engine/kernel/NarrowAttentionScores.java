package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Query times keys on vectors of 128 or 256 bits: the lanes run over the tokens of a block. Three
 * heads times three vectors make nine accumulators: fewer would wait for the latency of
 * multiply-adds, and with twelve the compiler keeps some on the stack, which doubles the time.
 */
final class NarrowAttentionScores {

  private NarrowAttentionScores() {}

  /**
   * Scores of three heads with three vectors of keys.
   *
   * @param query holds the heads as {@link VectorAttentionScores#pack} left them, at {@code
   *     queryAt}
   * @param a where the first vector of keys {@code [headDim][16]} begins in the cache
   * @param toA where the first head's scores with it go; those of the next head are 16 further
   */
  static void threeVectors(
      float[] query,
      int queryAt,
      int headDim,
      float[] cache,
      int a,
      int b,
      int c,
      float[] scores,
      int toA,
      int toB,
      int toC) {
    FloatVector score0a = FloatVector.zero(FLOATS);
    FloatVector score0b = FloatVector.zero(FLOATS);
    FloatVector score0c = FloatVector.zero(FLOATS);
    FloatVector score1a = FloatVector.zero(FLOATS);
    FloatVector score1b = FloatVector.zero(FLOATS);
    FloatVector score1c = FloatVector.zero(FLOATS);
    FloatVector score2a = FloatVector.zero(FLOATS);
    FloatVector score2b = FloatVector.zero(FLOATS);
    FloatVector score2c = FloatVector.zero(FLOATS);
    for (int i = 0; i < headDim; i++) {
      int step = queryAt + i * VectorAttentionScores.QUERY_STEP;
      FloatVector keysA = FloatVector.fromArray(FLOATS, cache, a + i * BLOCK_TOKENS);
      FloatVector keysB = FloatVector.fromArray(FLOATS, cache, b + i * BLOCK_TOKENS);
      FloatVector keysC = FloatVector.fromArray(FLOATS, cache, c + i * BLOCK_TOKENS);
      FloatVector q0 = FloatVector.broadcast(FLOATS, query[step]);
      score0a = q0.fma(keysA, score0a);
      score0b = q0.fma(keysB, score0b);
      score0c = q0.fma(keysC, score0c);
      FloatVector q1 = FloatVector.broadcast(FLOATS, query[step + 1]);
      score1a = q1.fma(keysA, score1a);
      score1b = q1.fma(keysB, score1b);
      score1c = q1.fma(keysC, score1c);
      FloatVector q2 = FloatVector.broadcast(FLOATS, query[step + 2]);
      score2a = q2.fma(keysA, score2a);
      score2b = q2.fma(keysB, score2b);
      score2c = q2.fma(keysC, score2c);
      VarHandle.loadLoadFence();
    }
    score0a.intoArray(scores, toA);
    score0b.intoArray(scores, toB);
    score0c.intoArray(scores, toC);
    score1a.intoArray(scores, toA + BLOCK_TOKENS);
    score1b.intoArray(scores, toB + BLOCK_TOKENS);
    score1c.intoArray(scores, toC + BLOCK_TOKENS);
    score2a.intoArray(scores, toA + 2 * BLOCK_TOKENS);
    score2b.intoArray(scores, toB + 2 * BLOCK_TOKENS);
    score2c.intoArray(scores, toC + 2 * BLOCK_TOKENS);
  }

  /** Two vectors of keys; as {@link #threeVectors}. */
  static void twoVectors(
      float[] query,
      int queryAt,
      int headDim,
      float[] cache,
      int a,
      int b,
      float[] scores,
      int toA,
      int toB) {
    FloatVector score0a = FloatVector.zero(FLOATS);
    FloatVector score0b = FloatVector.zero(FLOATS);
    FloatVector score1a = FloatVector.zero(FLOATS);
    FloatVector score1b = FloatVector.zero(FLOATS);
    FloatVector score2a = FloatVector.zero(FLOATS);
    FloatVector score2b = FloatVector.zero(FLOATS);
    for (int i = 0; i < headDim; i++) {
      int step = queryAt + i * VectorAttentionScores.QUERY_STEP;
      FloatVector keysA = FloatVector.fromArray(FLOATS, cache, a + i * BLOCK_TOKENS);
      FloatVector keysB = FloatVector.fromArray(FLOATS, cache, b + i * BLOCK_TOKENS);
      FloatVector q0 = FloatVector.broadcast(FLOATS, query[step]);
      score0a = q0.fma(keysA, score0a);
      score0b = q0.fma(keysB, score0b);
      FloatVector q1 = FloatVector.broadcast(FLOATS, query[step + 1]);
      score1a = q1.fma(keysA, score1a);
      score1b = q1.fma(keysB, score1b);
      FloatVector q2 = FloatVector.broadcast(FLOATS, query[step + 2]);
      score2a = q2.fma(keysA, score2a);
      score2b = q2.fma(keysB, score2b);
      VarHandle.loadLoadFence();
    }
    score0a.intoArray(scores, toA);
    score0b.intoArray(scores, toB);
    score1a.intoArray(scores, toA + BLOCK_TOKENS);
    score1b.intoArray(scores, toB + BLOCK_TOKENS);
    score2a.intoArray(scores, toA + 2 * BLOCK_TOKENS);
    score2b.intoArray(scores, toB + 2 * BLOCK_TOKENS);
  }
}
