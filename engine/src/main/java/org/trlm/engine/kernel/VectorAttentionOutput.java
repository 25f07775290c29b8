package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * Softmax weights times values. The lanes run over the dimensions of a head; four vectors of a
 * value and three heads make 12 accumulators that share every load. Keys come in order, each output
 * has one accumulator.
 *
 * <p>One loop over the keys, not one over blocks and one inside: accumulators that live across two
 * nested loops are boxed by the compiler of JDK 17, at a twentieth of the speed.
 */
final class VectorAttentionOutput {

  private VectorAttentionOutput() {}

  static void output(
      float[] weights,
      int weightsStride,
      int numHeads,
      int headDim,
      float[] cache,
      int valuesOffset,
      int blockStride,
      int[] blockTable,
      int numKeys,
      float[] out,
      int outOffset) {
    int d = 0;
    for (; d + 4 * LANES <= headDim; d += 4 * LANES) {
      int valuesAt = valuesOffset + d;
      int head = 0;
      for (; head + 3 <= numHeads; head += 3) {
        threeHeadsFourVectors(
            weights,
            head * weightsStride,
            weightsStride,
            headDim,
            cache,
            valuesAt,
            blockStride,
            blockTable,
            numKeys,
            out,
            outOffset + head * headDim + d);
      }
      for (; head < numHeads; head++) {
        oneHeadFourVectors(
            weights,
            head * weightsStride,
            headDim,
            cache,
            valuesAt,
            blockStride,
            blockTable,
            numKeys,
            out,
            outOffset + head * headDim + d);
      }
    }
    for (; d + LANES <= headDim; d += LANES) {
      for (int head = 0; head < numHeads; head++) {
        oneHeadOneVector(
            weights,
            head * weightsStride,
            headDim,
            cache,
            valuesOffset + d,
            blockStride,
            blockTable,
            numKeys,
            out,
            outOffset + head * headDim + d);
      }
    }
    for (; d < headDim; d++) {
      for (int head = 0; head < numHeads; head++) {
        out[outOffset + head * headDim + d] =
            oneDimension(
                weights,
                head * weightsStride,
                headDim,
                cache,
                valuesOffset + d,
                blockStride,
                blockTable,
                numKeys);
      }
    }
  }

  private static void threeHeadsFourVectors(
      float[] weights,
      int weightsAt,
      int weightsStride,
      int headDim,
      float[] cache,
      int valuesAt,
      int blockStride,
      int[] blockTable,
      int numKeys,
      float[] out,
      int outAt) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    FloatVector sum1a = FloatVector.zero(FLOATS);
    FloatVector sum1b = FloatVector.zero(FLOATS);
    FloatVector sum1c = FloatVector.zero(FLOATS);
    FloatVector sum1d = FloatVector.zero(FLOATS);
    FloatVector sum2a = FloatVector.zero(FLOATS);
    FloatVector sum2b = FloatVector.zero(FLOATS);
    FloatVector sum2c = FloatVector.zero(FLOATS);
    FloatVector sum2d = FloatVector.zero(FLOATS);
    for (int key = 0; key < numKeys; key++) {
      int value = valueAt(key, valuesAt, headDim, blockStride, blockTable);
      FloatVector a = FloatVector.fromArray(FLOATS, cache, value);
      FloatVector b = FloatVector.fromArray(FLOATS, cache, value + LANES);
      FloatVector c = FloatVector.fromArray(FLOATS, cache, value + 2 * LANES);
      FloatVector d = FloatVector.fromArray(FLOATS, cache, value + 3 * LANES);
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightsAt + key]);
      sum0a = w0.fma(a, sum0a);
      sum0b = w0.fma(b, sum0b);
      sum0c = w0.fma(c, sum0c);
      sum0d = w0.fma(d, sum0d);
      FloatVector w1 = FloatVector.broadcast(FLOATS, weights[weightsAt + weightsStride + key]);
      sum1a = w1.fma(a, sum1a);
      sum1b = w1.fma(b, sum1b);
      sum1c = w1.fma(c, sum1c);
      sum1d = w1.fma(d, sum1d);
      FloatVector w2 = FloatVector.broadcast(FLOATS, weights[weightsAt + 2 * weightsStride + key]);
      sum2a = w2.fma(a, sum2a);
      sum2b = w2.fma(b, sum2b);
      sum2c = w2.fma(c, sum2c);
      sum2d = w2.fma(d, sum2d);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum0c.intoArray(out, outAt + 2 * LANES);
    sum0d.intoArray(out, outAt + 3 * LANES);
    sum1a.intoArray(out, outAt + headDim);
    sum1b.intoArray(out, outAt + headDim + LANES);
    sum1c.intoArray(out, outAt + headDim + 2 * LANES);
    sum1d.intoArray(out, outAt + headDim + 3 * LANES);
    sum2a.intoArray(out, outAt + 2 * headDim);
    sum2b.intoArray(out, outAt + 2 * headDim + LANES);
    sum2c.intoArray(out, outAt + 2 * headDim + 2 * LANES);
    sum2d.intoArray(out, outAt + 2 * headDim + 3 * LANES);
  }

  private static void oneHeadFourVectors(
      float[] weights,
      int weightsAt,
      int headDim,
      float[] cache,
      int valuesAt,
      int blockStride,
      int[] blockTable,
      int numKeys,
      float[] out,
      int outAt) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    FloatVector sum0b = FloatVector.zero(FLOATS);
    FloatVector sum0c = FloatVector.zero(FLOATS);
    FloatVector sum0d = FloatVector.zero(FLOATS);
    for (int key = 0; key < numKeys; key++) {
      int value = valueAt(key, valuesAt, headDim, blockStride, blockTable);
      FloatVector a = FloatVector.fromArray(FLOATS, cache, value);
      FloatVector b = FloatVector.fromArray(FLOATS, cache, value + LANES);
      FloatVector c = FloatVector.fromArray(FLOATS, cache, value + 2 * LANES);
      FloatVector d = FloatVector.fromArray(FLOATS, cache, value + 3 * LANES);
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightsAt + key]);
      sum0a = w0.fma(a, sum0a);
      sum0b = w0.fma(b, sum0b);
      sum0c = w0.fma(c, sum0c);
      sum0d = w0.fma(d, sum0d);
    }
    sum0a.intoArray(out, outAt);
    sum0b.intoArray(out, outAt + LANES);
    sum0c.intoArray(out, outAt + 2 * LANES);
    sum0d.intoArray(out, outAt + 3 * LANES);
  }

  private static void oneHeadOneVector(
      float[] weights,
      int weightsAt,
      int headDim,
      float[] cache,
      int valuesAt,
      int blockStride,
      int[] blockTable,
      int numKeys,
      float[] out,
      int outAt) {
    FloatVector sum0a = FloatVector.zero(FLOATS);
    for (int key = 0; key < numKeys; key++) {
      int value = valueAt(key, valuesAt, headDim, blockStride, blockTable);
      FloatVector a = FloatVector.fromArray(FLOATS, cache, value);
      FloatVector w0 = FloatVector.broadcast(FLOATS, weights[weightsAt + key]);
      sum0a = w0.fma(a, sum0a);
    }
    sum0a.intoArray(out, outAt);
  }

  private static float oneDimension(
      float[] weights,
      int weightsAt,
      int headDim,
      float[] cache,
      int valuesAt,
      int blockStride,
      int[] blockTable,
      int numKeys) {
    float sum = 0f;
    for (int key = 0; key < numKeys; key++) {
      int value = valueAt(key, valuesAt, headDim, blockStride, blockTable);
      sum = Math.fma(weights[weightsAt + key], cache[value], sum);
    }
    return sum;
  }

  private static int valueAt(
      int key, int valuesAt, int headDim, int blockStride, int[] blockTable) {
    return valuesAt + blockTable[key / BLOCK_TOKENS] * blockStride + key % BLOCK_TOKENS * headDim;
  }
}
