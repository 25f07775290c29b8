package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Softmax weights times the values of one block at every width: the lanes run over the dimensions
 * of a head. Sums continue those in the output, so that keys come in order and each output has one
 * accumulator. Heads are taken by three, by {@link WideAttentionOutput} or {@link
 * NarrowAttentionOutput}, and one by one here, as are the dimensions that are left.
 */
final class VectorAttentionOutput {

  /** Elements from the value of one key to that of the next. */
  static final int KEY_STEP = AttentionShape.TILE;

  /** Elements from a part's first vector to its second, which is in the next tile at 512 bits. */
  static final int SECOND = LANES == KEY_STEP ? BLOCK_TOKENS * KEY_STEP : LANES;

  private VectorAttentionOutput() {}

  /**
   * Two parts A and B of the output of one head, two vectors of values each.
   *
   * @param weightsA where the 16 weights of part A begin
   * @param valuesA where part A of the value of the block's first key begins
   * @param count keys of the block to take
   */
  static void oneHead(
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
    FloatVector sumA = FloatVector.fromArray(FLOATS, out, outA);
    FloatVector sumB = FloatVector.fromArray(FLOATS, out, outA + LANES);
    FloatVector sumC = FloatVector.fromArray(FLOATS, out, outB);
    FloatVector sumD = FloatVector.fromArray(FLOATS, out, outB + LANES);
    for (int key = 0; key < count; key++) {
      int valueA = valuesA + key * KEY_STEP;
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightsA + key]);
      sumA = w0.fma(FloatVector.fromArray(FLOATS, cache, valueA), sumA);
      sumB = w0.fma(FloatVector.fromArray(FLOATS, cache, valueA + SECOND), sumB);
      int valueB = valuesB + key * KEY_STEP;
      FloatVector w1 = FloatVector.broadcast(FLOATS, weights[weightsB + key]);
      sumC = w1.fma(FloatVector.fromArray(FLOATS, cache, valueB), sumC);
      sumD = w1.fma(FloatVector.fromArray(FLOATS, cache, valueB + SECOND), sumD);
    }
    sumA.intoArray(out, outA);
    sumB.intoArray(out, outA + LANES);
    sumC.intoArray(out, outB);
    sumD.intoArray(out, outB + LANES);
  }

  /** The dimensions from {@code first} on, fewer than two vectors, of a query head. */
  static void rest(
      AttentionShape shape,
      int keyValueHead,
      float[] weights,
      int weightsAt,
      float[] cache,
      int block,
      int first,
      int count,
      float[] out,
      int outAt) {
    int d = first;
    for (; d + KEY_STEP <= shape.headDim(); d += LANES) {
      int valuesAt = block + shape.valueAt(keyValueHead, 0, d);
      FloatVector sum = FloatVector.fromArray(FLOATS, out, outAt + d);
      for (int key = 0; key < count; key++) {
        FloatVector w = FloatVector.broadcast(FLOATS, weights[weightsAt + key]);
        sum = w.fma(FloatVector.fromArray(FLOATS, cache, valuesAt + key * KEY_STEP), sum);
      }
      sum.intoArray(out, outAt + d);
    }
    for (; d < shape.headDim(); d++) {
      float sum = out[outAt + d];
      for (int key = 0; key < count; key++) {
        float value = cache[block + shape.valueAt(keyValueHead, key, d)];
        sum = Math.fma(weights[weightsAt + key], value, sum);
      }
      out[outAt + d] = sum;
    }
  }
}
