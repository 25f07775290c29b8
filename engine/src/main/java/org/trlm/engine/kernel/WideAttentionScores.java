package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Query times keys on vectors of 512 bits: the lanes run over the tokens of a block. A kernel takes
 * four vectors of keys, which lie in four blocks: the hardware fetches pages of memory that are
 * read at the same time in parallel, which one page after the other it does not. The fences are no
 * instructions; they keep the compiler from loading more than registers hold.
 */
final class WideAttentionScores {

  private WideAttentionScores() {}

  /**
   * Scores of three heads, whose queries are {@link VectorAttentionScores#pack packed} at {@code
   * queryAt}.
   *
   * @param a where the first vector of keys {@code [headDim][16]} begins in the cache
   * @param toA where the first head's scores with them go; those of the next head are 16 further
   */
  static void threeHeads(
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
    FloatVector score0a = FloatVector.zero(FLOATS);
    FloatVector score0b = FloatVector.zero(FLOATS);
    FloatVector score0c = FloatVector.zero(FLOATS);
    FloatVector score0d = FloatVector.zero(FLOATS);
    FloatVector score1a = FloatVector.zero(FLOATS);
    FloatVector score1b = FloatVector.zero(FLOATS);
    FloatVector score1c = FloatVector.zero(FLOATS);
    FloatVector score1d = FloatVector.zero(FLOATS);
    FloatVector score2a = FloatVector.zero(FLOATS);
    FloatVector score2b = FloatVector.zero(FLOATS);
    FloatVector score2c = FloatVector.zero(FLOATS);
    FloatVector score2d = FloatVector.zero(FLOATS);
    for (int i = 0; i < headDim; i++) {
      int step = queryAt + i * VectorAttentionScores.QUERY_STEP;
      FloatVector keysA = FloatVector.fromArray(FLOATS, cache, a + i * BLOCK_TOKENS);
      FloatVector keysB = FloatVector.fromArray(FLOATS, cache, b + i * BLOCK_TOKENS);
      FloatVector q0 = FloatVector.broadcast(FLOATS, query[step]);
      score0a = q0.fma(keysA, score0a);
      score0b = q0.fma(keysB, score0b);
      VarHandle.loadLoadFence();
      FloatVector q1 = FloatVector.broadcast(FLOATS, query[step + 1]);
      score1a = q1.fma(keysA, score1a);
      score1b = q1.fma(keysB, score1b);
      VarHandle.loadLoadFence();
      FloatVector q2 = FloatVector.broadcast(FLOATS, query[step + 2]);
      score2a = q2.fma(keysA, score2a);
      score2b = q2.fma(keysB, score2b);
      VarHandle.loadLoadFence();
      FloatVector keysC = FloatVector.fromArray(FLOATS, cache, c + i * BLOCK_TOKENS);
      FloatVector keysD = FloatVector.fromArray(FLOATS, cache, d + i * BLOCK_TOKENS);
      FloatVector again0 = FloatVector.broadcast(FLOATS, query[step]);
      score0c = again0.fma(keysC, score0c);
      score0d = again0.fma(keysD, score0d);
      VarHandle.loadLoadFence();
      FloatVector again1 = FloatVector.broadcast(FLOATS, query[step + 1]);
      score1c = again1.fma(keysC, score1c);
      score1d = again1.fma(keysD, score1d);
      VarHandle.loadLoadFence();
      FloatVector again2 = FloatVector.broadcast(FLOATS, query[step + 2]);
      score2c = again2.fma(keysC, score2c);
      score2d = again2.fma(keysD, score2d);
      VarHandle.loadLoadFence();
    }
    score0a.intoArray(scores, toA);
    score0b.intoArray(scores, toB);
    score0c.intoArray(scores, toC);
    score0d.intoArray(scores, toD);
    score1a.intoArray(scores, toA + BLOCK_TOKENS);
    score1b.intoArray(scores, toB + BLOCK_TOKENS);
    score1c.intoArray(scores, toC + BLOCK_TOKENS);
    score1d.intoArray(scores, toD + BLOCK_TOKENS);
    score2a.intoArray(scores, toA + 2 * BLOCK_TOKENS);
    score2b.intoArray(scores, toB + 2 * BLOCK_TOKENS);
    score2c.intoArray(scores, toC + 2 * BLOCK_TOKENS);
    score2d.intoArray(scores, toD + 2 * BLOCK_TOKENS);
  }
}
