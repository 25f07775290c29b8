package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorAttentionOutput.KEY_STEP;
import static org.trlm.engine.kernel.VectorAttentionOutput.SECOND;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Softmax weights times the values of one block on vectors of 512 bits: the lanes run over the
 * dimensions of a head. A kernel has two parts A and B of two vectors of values each. Sums continue
 * those in the output, so that keys come in order and each output has one accumulator.
 */
final class WideAttentionOutput {

  private WideAttentionOutput() {}

  /**
   * Three heads: weights of the next one 16 further, outputs {@code headDim} further.
   *
   * @param weightsA where the 16 weights of part A's first head begin
   * @param valuesA where part A of the value of the block's first key begins
   * @param count keys of the block to take
   */
  static void threeHeads(
      float[] weights,
      int weightsA,
      int weightsB,
      float[] cache,
      int valuesA,
      int valuesB,
      int headDim,
      int count,
      float[] out,
      int outA,
      int outB) {
    int outA1 = outA + headDim;
    int outA2 = outA1 + headDim;
    int outB1 = outB + headDim;
    int outB2 = outB1 + headDim;
    FloatVector sum0a = FloatVector.fromArray(FLOATS, out, outA);
    FloatVector sum0b = FloatVector.fromArray(FLOATS, out, outA + LANES);
    FloatVector sum1a = FloatVector.fromArray(FLOATS, out, outA1);
    FloatVector sum1b = FloatVector.fromArray(FLOATS, out, outA1 + LANES);
    FloatVector sum2a = FloatVector.fromArray(FLOATS, out, outA2);
    FloatVector sum2b = FloatVector.fromArray(FLOATS, out, outA2 + LANES);
    FloatVector sum0c = FloatVector.fromArray(FLOATS, out, outB);
    FloatVector sum0d = FloatVector.fromArray(FLOATS, out, outB + LANES);
    FloatVector sum1c = FloatVector.fromArray(FLOATS, out, outB1);
    FloatVector sum1d = FloatVector.fromArray(FLOATS, out, outB1 + LANES);
    FloatVector sum2c = FloatVector.fromArray(FLOATS, out, outB2);
    FloatVector sum2d = FloatVector.fromArray(FLOATS, out, outB2 + LANES);
    for (int key = 0; key < count; key++) {
      int valueA = valuesA + key * KEY_STEP;
      FloatVector a = FloatVector.fromArray(FLOATS, cache, valueA);
      FloatVector b = FloatVector.fromArray(FLOATS, cache, valueA + SECOND);
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightsA + key]);
      sum0a = w0.fma(a, sum0a);
      sum0b = w0.fma(b, sum0b);
      VarHandle.loadLoadFence();
      FloatVector w1 = FloatVector.broadcast(FLOATS, weights[weightsA + BLOCK_TOKENS + key]);
      sum1a = w1.fma(a, sum1a);
      sum1b = w1.fma(b, sum1b);
      VarHandle.loadLoadFence();
      FloatVector w2 = FloatVector.broadcast(FLOATS, weights[weightsA + 2 * BLOCK_TOKENS + key]);
      sum2a = w2.fma(a, sum2a);
      sum2b = w2.fma(b, sum2b);
      VarHandle.loadLoadFence();
      int valueB = valuesB + key * KEY_STEP;
      FloatVector c = FloatVector.fromArray(FLOATS, cache, valueB);
      FloatVector d = FloatVector.fromArray(FLOATS, cache, valueB + SECOND);
      FloatVector w3 = FloatVector.broadcast(FLOATS, weights[weightsB + key]);
      sum0c = w3.fma(c, sum0c);
      sum0d = w3.fma(d, sum0d);
      VarHandle.loadLoadFence();
      FloatVector w4 = FloatVector.broadcast(FLOATS, weights[weightsB + BLOCK_TOKENS + key]);
      sum1c = w4.fma(c, sum1c);
      sum1d = w4.fma(d, sum1d);
      VarHandle.loadLoadFence();
      FloatVector w5 = FloatVector.broadcast(FLOATS, weights[weightsB + 2 * BLOCK_TOKENS + key]);
      sum2c = w5.fma(c, sum2c);
      sum2d = w5.fma(d, sum2d);
      VarHandle.loadLoadFence();
    }
    sum0a.intoArray(out, outA);
    sum0b.intoArray(out, outA + LANES);
    sum1a.intoArray(out, outA1);
    sum1b.intoArray(out, outA1 + LANES);
    sum2a.intoArray(out, outA2);
    sum2b.intoArray(out, outA2 + LANES);
    sum0c.intoArray(out, outB);
    sum0d.intoArray(out, outB + LANES);
    sum1c.intoArray(out, outB1);
    sum1d.intoArray(out, outB1 + LANES);
    sum2c.intoArray(out, outB2);
    sum2d.intoArray(out, outB2 + LANES);
  }
}
