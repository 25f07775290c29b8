package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorAttentionScores.QUERY_STEP;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Query times keys on vectors of 128 or 256 bits: the lanes run over the tokens of a block. Three
 * heads times two pairs of vectors make twelve accumulators; with the keys of one pair and a
 * broadcast they fit the 16 registers of AVX2. That holds as long as general registers do not run
 * out, for then the compiler takes those of vectors: so a pair has one address, queries and scores
 * share an array, and the fences, which are no instructions, keep loads where they are written. The
 * loop counts in the queries' own index, from which those of keys are a fixed distance: with a
 * counter of dimensions, a step has three to seven instructions more.
 */
final class NarrowAttentionScores {

  /** Elements of keys for each one of packed queries. */
  private static final int KEY_STEPS = BLOCK_TOKENS / QUERY_STEP;

  private NarrowAttentionScores() {}

  /**
   * Scores of three heads with two pairs of vectors of keys.
   *
   * @param scores holds their queries, {@link VectorAttentionScores#pack packed}, at {@code
   *     packedAt}, and gets the scores: one array is one address
   * @param a where the first pair of keys {@code [headDim][16]} begins
   * @param toA where the first head's scores with it go; those of the next head are 16 further
   */
  static void twoPairs(
      float[] scores, int packedAt, int headDim, float[] keys, int a, int b, int toA, int toB) {
    FloatVector score0a0 = FloatVector.zero(FLOATS);
    FloatVector score0a1 = FloatVector.zero(FLOATS);
    FloatVector score0b0 = FloatVector.zero(FLOATS);
    FloatVector score0b1 = FloatVector.zero(FLOATS);
    FloatVector score1a0 = FloatVector.zero(FLOATS);
    FloatVector score1a1 = FloatVector.zero(FLOATS);
    FloatVector score1b0 = FloatVector.zero(FLOATS);
    FloatVector score1b1 = FloatVector.zero(FLOATS);
    FloatVector score2a0 = FloatVector.zero(FLOATS);
    FloatVector score2a1 = FloatVector.zero(FLOATS);
    FloatVector score2b0 = FloatVector.zero(FLOATS);
    FloatVector score2b1 = FloatVector.zero(FLOATS);
    int offsetA = a - packedAt * KEY_STEPS;
    int offsetB = b - packedAt * KEY_STEPS;
    int end = packedAt + headDim * QUERY_STEP;
    for (int step = packedAt; step < end; step += QUERY_STEP) {
      int keyA = offsetA + step * KEY_STEPS;
      FloatVector keysA0 = FloatVector.fromArray(FLOATS, keys, keyA);
      FloatVector keysA1 = FloatVector.fromArray(FLOATS, keys, keyA + LANES);
      FloatVector q0a = FloatVector.broadcast(FLOATS, scores[step]);
      score0a0 = q0a.fma(keysA0, score0a0);
      score0a1 = q0a.fma(keysA1, score0a1);
      VarHandle.loadLoadFence();
      FloatVector q1a = FloatVector.broadcast(FLOATS, scores[step + 1]);
      score1a0 = q1a.fma(keysA0, score1a0);
      score1a1 = q1a.fma(keysA1, score1a1);
      VarHandle.loadLoadFence();
      FloatVector q2a = FloatVector.broadcast(FLOATS, scores[step + 2]);
      score2a0 = q2a.fma(keysA0, score2a0);
      score2a1 = q2a.fma(keysA1, score2a1);
      VarHandle.loadLoadFence();
      int keyB = offsetB + step * KEY_STEPS;
      FloatVector keysB0 = FloatVector.fromArray(FLOATS, keys, keyB);
      FloatVector keysB1 = FloatVector.fromArray(FLOATS, keys, keyB + LANES);
      FloatVector q0b = FloatVector.broadcast(FLOATS, scores[step]);
      score0b0 = q0b.fma(keysB0, score0b0);
      score0b1 = q0b.fma(keysB1, score0b1);
      VarHandle.loadLoadFence();
      FloatVector q1b = FloatVector.broadcast(FLOATS, scores[step + 1]);
      score1b0 = q1b.fma(keysB0, score1b0);
      score1b1 = q1b.fma(keysB1, score1b1);
      VarHandle.loadLoadFence();
      FloatVector q2b = FloatVector.broadcast(FLOATS, scores[step + 2]);
      score2b0 = q2b.fma(keysB0, score2b0);
      score2b1 = q2b.fma(keysB1, score2b1);
      VarHandle.loadLoadFence();
    }
    score0a0.intoArray(scores, toA);
    score0a1.intoArray(scores, toA + LANES);
    score0b0.intoArray(scores, toB);
    score0b1.intoArray(scores, toB + LANES);
    score1a0.intoArray(scores, toA + BLOCK_TOKENS);
    score1a1.intoArray(scores, toA + BLOCK_TOKENS + LANES);
    score1b0.intoArray(scores, toB + BLOCK_TOKENS);
    score1b1.intoArray(scores, toB + BLOCK_TOKENS + LANES);
    score2a0.intoArray(scores, toA + 2 * BLOCK_TOKENS);
    score2a1.intoArray(scores, toA + 2 * BLOCK_TOKENS + LANES);
    score2b0.intoArray(scores, toB + 2 * BLOCK_TOKENS);
    score2b1.intoArray(scores, toB + 2 * BLOCK_TOKENS + LANES);
  }

  /** One pair; as {@link #twoPairs}. */
  static void onePair(float[] scores, int packedAt, int headDim, float[] keys, int a, int toA) {
    FloatVector score0a0 = FloatVector.zero(FLOATS);
    FloatVector score0a1 = FloatVector.zero(FLOATS);
    FloatVector score1a0 = FloatVector.zero(FLOATS);
    FloatVector score1a1 = FloatVector.zero(FLOATS);
    FloatVector score2a0 = FloatVector.zero(FLOATS);
    FloatVector score2a1 = FloatVector.zero(FLOATS);
    for (int i = 0; i < headDim; i++) {
      int step = packedAt + i * QUERY_STEP;
      int keyA = a + i * BLOCK_TOKENS;
      FloatVector keysA0 = FloatVector.fromArray(FLOATS, keys, keyA);
      FloatVector keysA1 = FloatVector.fromArray(FLOATS, keys, keyA + LANES);
      FloatVector q0a = FloatVector.broadcast(FLOATS, scores[step]);
      score0a0 = q0a.fma(keysA0, score0a0);
      score0a1 = q0a.fma(keysA1, score0a1);
      VarHandle.loadLoadFence();
      FloatVector q1a = FloatVector.broadcast(FLOATS, scores[step + 1]);
      score1a0 = q1a.fma(keysA0, score1a0);
      score1a1 = q1a.fma(keysA1, score1a1);
      VarHandle.loadLoadFence();
      FloatVector q2a = FloatVector.broadcast(FLOATS, scores[step + 2]);
      score2a0 = q2a.fma(keysA0, score2a0);
      score2a1 = q2a.fma(keysA1, score2a1);
      VarHandle.loadLoadFence();
    }
    score0a0.intoArray(scores, toA);
    score0a1.intoArray(scores, toA + LANES);
    score1a0.intoArray(scores, toA + BLOCK_TOKENS);
    score1a1.intoArray(scores, toA + BLOCK_TOKENS + LANES);
    score2a0.intoArray(scores, toA + 2 * BLOCK_TOKENS);
    score2a1.intoArray(scores, toA + 2 * BLOCK_TOKENS + LANES);
  }
}
