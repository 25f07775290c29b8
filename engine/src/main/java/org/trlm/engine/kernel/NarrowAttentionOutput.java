package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Softmax weights times the values of one block on vectors of 128 or 256 bits: the lanes run over
 * the dimensions of a head. Three heads times three vectors make nine accumulators, as in {@link
 * NarrowAttentionScores}. Sums continue those in the output, so that keys come in order and each
 * output has one accumulator.
 */
final class NarrowAttentionOutput {

  private NarrowAttentionOutput() {}

  /**
   * Three vectors of the outputs of three heads.
   *
   * @param weightsAt where the first head's 16 weights begin; those of the next are 16 further
   * @param a where the first vector of the value of the block's first key begins
   * @param count keys of the block to take
   * @param outAt where the three vectors of the first head's output begin; the next head's are
   *     {@code headDim} further
   */
  static void threeVectors(
      float[] weights,
      int weightsAt,
      float[] cache,
      int a,
      int b,
      int c,
      int headDim,
      int count,
      float[] out,
      int outAt) {
    int out1 = outAt + headDim;
    int out2 = out1 + headDim;
    FloatVector sum0a = FloatVector.fromArray(FLOATS, out, outAt);
    FloatVector sum0b = FloatVector.fromArray(FLOATS, out, outAt + LANES);
    FloatVector sum0c = FloatVector.fromArray(FLOATS, out, outAt + 2 * LANES);
    FloatVector sum1a = FloatVector.fromArray(FLOATS, out, out1);
    FloatVector sum1b = FloatVector.fromArray(FLOATS, out, out1 + LANES);
    FloatVector sum1c = FloatVector.fromArray(FLOATS, out, out1 + 2 * LANES);
    FloatVector sum2a = FloatVector.fromArray(FLOATS, out, out2);
    FloatVector sum2b = FloatVector.fromArray(FLOATS, out, out2 + LANES);
    FloatVector sum2c = FloatVector.fromArray(FLOATS, out, out2 + 2 * LANES);
    for (int key = 0; key < count; key++) {
      int weightAt = weightsAt + key;
      FloatVector valuesA = FloatVector.fromArray(FLOATS, cache, a + key * AttentionShape.TILE);
      FloatVector valuesB = FloatVector.fromArray(FLOATS, cache, b + key * AttentionShape.TILE);
      FloatVector valuesC = FloatVector.fromArray(FLOATS, cache, c + key * AttentionShape.TILE);
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightAt]);
      sum0a = w0.fma(valuesA, sum0a);
      sum0b = w0.fma(valuesB, sum0b);
      sum0c = w0.fma(valuesC, sum0c);
      FloatVector w1 = FloatVector.broadcast(FLOATS, weights[weightAt + BLOCK_TOKENS]);
      sum1a = w1.fma(valuesA, sum1a);
      sum1b = w1.fma(valuesB, sum1b);
      sum1c = w1.fma(valuesC, sum1c);
      FloatVector w2 = FloatVector.broadcast(FLOATS, weights[weightAt + 2 * BLOCK_TOKENS]);
      sum2a = w2.fma(valuesA, sum2a);
      sum2b = w2.fma(valuesB, sum2b);
      sum2c = w2.fma(valuesC, sum2c);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum0c.intoArray(out, outAt + 2 * LANES);
    sum1a.intoArray(out, out1);
    sum1b.intoArray(out, out1 + LANES);
    sum1c.intoArray(out, out1 + 2 * LANES);
    sum2a.intoArray(out, out2);
    sum2b.intoArray(out, out2 + LANES);
    sum2c.intoArray(out, out2 + 2 * LANES);
  }

  /** Two vectors; as {@link #threeVectors}. */
  static void twoVectors(
      float[] weights,
      int weightsAt,
      float[] cache,
      int a,
      int b,
      int headDim,
      int count,
      float[] out,
      int outAt) {
    int out1 = outAt + headDim;
    int out2 = out1 + headDim;
    FloatVector sum0a = FloatVector.fromArray(FLOATS, out, outAt);
    FloatVector sum0b = FloatVector.fromArray(FLOATS, out, outAt + LANES);
    FloatVector sum1a = FloatVector.fromArray(FLOATS, out, out1);
    FloatVector sum1b = FloatVector.fromArray(FLOATS, out, out1 + LANES);
    FloatVector sum2a = FloatVector.fromArray(FLOATS, out, out2);
    FloatVector sum2b = FloatVector.fromArray(FLOATS, out, out2 + LANES);
    for (int key = 0; key < count; key++) {
      int weightAt = weightsAt + key;
      FloatVector valuesA = FloatVector.fromArray(FLOATS, cache, a + key * AttentionShape.TILE);
      FloatVector valuesB = FloatVector.fromArray(FLOATS, cache, b + key * AttentionShape.TILE);
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightAt]);
      sum0a = w0.fma(valuesA, sum0a);
      sum0b = w0.fma(valuesB, sum0b);
      FloatVector w1 = FloatVector.broadcast(FLOATS, weights[weightAt + BLOCK_TOKENS]);
      sum1a = w1.fma(valuesA, sum1a);
      sum1b = w1.fma(valuesB, sum1b);
      FloatVector w2 = FloatVector.broadcast(FLOATS, weights[weightAt + 2 * BLOCK_TOKENS]);
      sum2a = w2.fma(valuesA, sum2a);
      sum2b = w2.fma(valuesB, sum2b);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum1a.intoArray(out, out1);
    sum1b.intoArray(out, out1 + LANES);
    sum2a.intoArray(out, out2);
    sum2b.intoArray(out, out2 + LANES);
  }
}
