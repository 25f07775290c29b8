package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Softmax weights times the values of one block on vectors of 128 or 256 bits: the lanes run over
 * the dimensions of a head. Three heads times two pairs of vectors make twelve accumulators, as in
 * {@link NarrowAttentionScores}. Sums go on from block to block, so that keys come in order and
 * each output has one accumulator.
 *
 * <p>They wait in scratch, side by side: as outputs of three heads they would have three addresses,
 * and where general registers run out, the compiler takes those of vectors. The second vector of a
 * pair is read first: in the other order Java 17 put a sum on the stack.
 */
final class NarrowAttentionOutput {

  /** Elements from a pair of vectors to the next one, which is in the next tile at 256 bits. */
  private static final int SECOND_PAIR =
      2 * LANES == AttentionShape.TILE ? AttentionShape.TILE * BLOCK_TOKENS : 2 * LANES;

  private NarrowAttentionOutput() {}

  /**
   * Two pairs of vectors of the outputs of three heads.
   *
   * @param scratch holds the first head's 16 weights at {@code weightsAt}, those of the next one 16
   *     further, and the sums at {@code sumsAt}, head after head: one array is one address
   * @param valuesAt where the first pair of the value of the block's first key begins
   * @param count keys of the block to take
   */
  static void twoPairs(
      float[] scratch, int weightsAt, int sumsAt, float[] values, int valuesAt, int count) {
    FloatVector sum0a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt);
    FloatVector sum0a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + LANES);
    FloatVector sum0b0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 2 * LANES);
    FloatVector sum0b1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 3 * LANES);
    FloatVector sum1a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 4 * LANES);
    FloatVector sum1a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 5 * LANES);
    FloatVector sum1b0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 6 * LANES);
    FloatVector sum1b1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 7 * LANES);
    FloatVector sum2a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 8 * LANES);
    FloatVector sum2a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 9 * LANES);
    FloatVector sum2b0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 10 * LANES);
    FloatVector sum2b1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 11 * LANES);
    for (int key = 0; key < count; key++) {
      int weightAt = weightsAt + key;
      int valueA = valuesAt + key * AttentionShape.TILE;
      FloatVector valuesA1 = FloatVector.fromArray(FLOATS, values, valueA + LANES);
      FloatVector valuesA0 = FloatVector.fromArray(FLOATS, values, valueA);
      FloatVector w0a = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0a0 = w0a.fma(valuesA0, sum0a0);
      sum0a1 = w0a.fma(valuesA1, sum0a1);
      VarHandle.loadLoadFence();
      FloatVector w1a = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1a0 = w1a.fma(valuesA0, sum1a0);
      sum1a1 = w1a.fma(valuesA1, sum1a1);
      VarHandle.loadLoadFence();
      FloatVector w2a = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2a0 = w2a.fma(valuesA0, sum2a0);
      sum2a1 = w2a.fma(valuesA1, sum2a1);
      VarHandle.loadLoadFence();
      int valueB = valueA + SECOND_PAIR;
      FloatVector valuesB0 = FloatVector.fromArray(FLOATS, values, valueB);
      FloatVector valuesB1 = FloatVector.fromArray(FLOATS, values, valueB + LANES);
      FloatVector w0b = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0b0 = w0b.fma(valuesB0, sum0b0);
      sum0b1 = w0b.fma(valuesB1, sum0b1);
      VarHandle.loadLoadFence();
      FloatVector w1b = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1b0 = w1b.fma(valuesB0, sum1b0);
      sum1b1 = w1b.fma(valuesB1, sum1b1);
      VarHandle.loadLoadFence();
      FloatVector w2b = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2b0 = w2b.fma(valuesB0, sum2b0);
      sum2b1 = w2b.fma(valuesB1, sum2b1);
      VarHandle.loadLoadFence();
    }
    sum0a0.intoArray(scratch, sumsAt);
    sum0a1.intoArray(scratch, sumsAt + LANES);
    sum0b0.intoArray(scratch, sumsAt + 2 * LANES);
    sum0b1.intoArray(scratch, sumsAt + 3 * LANES);
    sum1a0.intoArray(scratch, sumsAt + 4 * LANES);
    sum1a1.intoArray(scratch, sumsAt + 5 * LANES);
    sum1b0.intoArray(scratch, sumsAt + 6 * LANES);
    sum1b1.intoArray(scratch, sumsAt + 7 * LANES);
    sum2a0.intoArray(scratch, sumsAt + 8 * LANES);
    sum2a1.intoArray(scratch, sumsAt + 9 * LANES);
    sum2b0.intoArray(scratch, sumsAt + 10 * LANES);
    sum2b1.intoArray(scratch, sumsAt + 11 * LANES);
  }

  /**
   * As {@link #twoPairs} for all keys of two blocks, one after the other: half as often the sums
   * are loaded, checked and stored, which takes as long as eight keys. With more blocks the
   * compiler would no longer inline all of it.
   */
  static void twoBlocks(
      float[] scratch,
      int weightsAt,
      int nextWeightsAt,
      int sumsAt,
      float[] values,
      int valuesAt,
      int nextValuesAt) {
    FloatVector sum0a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt);
    FloatVector sum0a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + LANES);
    FloatVector sum0b0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 2 * LANES);
    FloatVector sum0b1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 3 * LANES);
    FloatVector sum1a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 4 * LANES);
    FloatVector sum1a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 5 * LANES);
    FloatVector sum1b0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 6 * LANES);
    FloatVector sum1b1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 7 * LANES);
    FloatVector sum2a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 8 * LANES);
    FloatVector sum2a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 9 * LANES);
    FloatVector sum2b0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 10 * LANES);
    FloatVector sum2b1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 11 * LANES);
    for (int key = 0; key < BLOCK_TOKENS; key++) {
      int weightAt = weightsAt + key;
      int valueA = valuesAt + key * AttentionShape.TILE;
      FloatVector valuesA1 = FloatVector.fromArray(FLOATS, values, valueA + LANES);
      FloatVector valuesA0 = FloatVector.fromArray(FLOATS, values, valueA);
      FloatVector w0a = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0a0 = w0a.fma(valuesA0, sum0a0);
      sum0a1 = w0a.fma(valuesA1, sum0a1);
      VarHandle.loadLoadFence();
      FloatVector w1a = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1a0 = w1a.fma(valuesA0, sum1a0);
      sum1a1 = w1a.fma(valuesA1, sum1a1);
      VarHandle.loadLoadFence();
      FloatVector w2a = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2a0 = w2a.fma(valuesA0, sum2a0);
      sum2a1 = w2a.fma(valuesA1, sum2a1);
      VarHandle.loadLoadFence();
      int valueB = valueA + SECOND_PAIR;
      FloatVector valuesB0 = FloatVector.fromArray(FLOATS, values, valueB);
      FloatVector valuesB1 = FloatVector.fromArray(FLOATS, values, valueB + LANES);
      FloatVector w0b = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0b0 = w0b.fma(valuesB0, sum0b0);
      sum0b1 = w0b.fma(valuesB1, sum0b1);
      VarHandle.loadLoadFence();
      FloatVector w1b = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1b0 = w1b.fma(valuesB0, sum1b0);
      sum1b1 = w1b.fma(valuesB1, sum1b1);
      VarHandle.loadLoadFence();
      FloatVector w2b = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2b0 = w2b.fma(valuesB0, sum2b0);
      sum2b1 = w2b.fma(valuesB1, sum2b1);
      VarHandle.loadLoadFence();
    }
    for (int key = 0; key < BLOCK_TOKENS; key++) {
      int weightAt = nextWeightsAt + key;
      int valueA = nextValuesAt + key * AttentionShape.TILE;
      FloatVector valuesA1 = FloatVector.fromArray(FLOATS, values, valueA + LANES);
      FloatVector valuesA0 = FloatVector.fromArray(FLOATS, values, valueA);
      FloatVector w0a = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0a0 = w0a.fma(valuesA0, sum0a0);
      sum0a1 = w0a.fma(valuesA1, sum0a1);
      VarHandle.loadLoadFence();
      FloatVector w1a = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1a0 = w1a.fma(valuesA0, sum1a0);
      sum1a1 = w1a.fma(valuesA1, sum1a1);
      VarHandle.loadLoadFence();
      FloatVector w2a = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2a0 = w2a.fma(valuesA0, sum2a0);
      sum2a1 = w2a.fma(valuesA1, sum2a1);
      VarHandle.loadLoadFence();
      int valueB = valueA + SECOND_PAIR;
      FloatVector valuesB0 = FloatVector.fromArray(FLOATS, values, valueB);
      FloatVector valuesB1 = FloatVector.fromArray(FLOATS, values, valueB + LANES);
      FloatVector w0b = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0b0 = w0b.fma(valuesB0, sum0b0);
      sum0b1 = w0b.fma(valuesB1, sum0b1);
      VarHandle.loadLoadFence();
      FloatVector w1b = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1b0 = w1b.fma(valuesB0, sum1b0);
      sum1b1 = w1b.fma(valuesB1, sum1b1);
      VarHandle.loadLoadFence();
      FloatVector w2b = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2b0 = w2b.fma(valuesB0, sum2b0);
      sum2b1 = w2b.fma(valuesB1, sum2b1);
      VarHandle.loadLoadFence();
    }
    sum0a0.intoArray(scratch, sumsAt);
    sum0a1.intoArray(scratch, sumsAt + LANES);
    sum0b0.intoArray(scratch, sumsAt + 2 * LANES);
    sum0b1.intoArray(scratch, sumsAt + 3 * LANES);
    sum1a0.intoArray(scratch, sumsAt + 4 * LANES);
    sum1a1.intoArray(scratch, sumsAt + 5 * LANES);
    sum1b0.intoArray(scratch, sumsAt + 6 * LANES);
    sum1b1.intoArray(scratch, sumsAt + 7 * LANES);
    sum2a0.intoArray(scratch, sumsAt + 8 * LANES);
    sum2a1.intoArray(scratch, sumsAt + 9 * LANES);
    sum2b0.intoArray(scratch, sumsAt + 10 * LANES);
    sum2b1.intoArray(scratch, sumsAt + 11 * LANES);
  }

  /** One pair; as {@link #twoPairs}. */
  static void onePair(
      float[] scratch, int weightsAt, int sumsAt, float[] values, int valuesAt, int count) {
    FloatVector sum0a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt);
    FloatVector sum0a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + LANES);
    FloatVector sum1a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 2 * LANES);
    FloatVector sum1a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 3 * LANES);
    FloatVector sum2a0 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 4 * LANES);
    FloatVector sum2a1 = FloatVector.fromArray(FLOATS, scratch, sumsAt + 5 * LANES);
    for (int key = 0; key < count; key++) {
      int weightAt = weightsAt + key;
      int valueA = valuesAt + key * AttentionShape.TILE;
      FloatVector valuesA1 = FloatVector.fromArray(FLOATS, values, valueA + LANES);
      FloatVector valuesA0 = FloatVector.fromArray(FLOATS, values, valueA);
      FloatVector w0a = FloatVector.broadcast(FLOATS, scratch[weightAt]);
      sum0a0 = w0a.fma(valuesA0, sum0a0);
      sum0a1 = w0a.fma(valuesA1, sum0a1);
      VarHandle.loadLoadFence();
      FloatVector w1a = FloatVector.broadcast(FLOATS, scratch[weightAt + BLOCK_TOKENS]);
      sum1a0 = w1a.fma(valuesA0, sum1a0);
      sum1a1 = w1a.fma(valuesA1, sum1a1);
      VarHandle.loadLoadFence();
      FloatVector w2a = FloatVector.broadcast(FLOATS, scratch[weightAt + 2 * BLOCK_TOKENS]);
      sum2a0 = w2a.fma(valuesA0, sum2a0);
      sum2a1 = w2a.fma(valuesA1, sum2a1);
      VarHandle.loadLoadFence();
    }
    sum0a0.intoArray(scratch, sumsAt);
    sum0a1.intoArray(scratch, sumsAt + LANES);
    sum1a0.intoArray(scratch, sumsAt + 2 * LANES);
    sum1a1.intoArray(scratch, sumsAt + 3 * LANES);
    sum2a0.intoArray(scratch, sumsAt + 4 * LANES);
    sum2a1.intoArray(scratch, sumsAt + 5 * LANES);
  }
}
