package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.VectorShape.FLOATS;
import static org.trlm.engine.kernel.VectorShape.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums and maxima over a row. A sum keeps 16 partial sums in one, two or four vectors by width; the
 * elements past the last whole group of 16 are added to their partial sums under a mask, and the
 * tree folds the upper half of the partial sums onto the lower half until one is left.
 */
final class VectorReductions {

  private static final int PARTIAL_SUMS = 16;

  /** Lane i takes lane i + 8, i + 4, i + 2, i + 1; lanes of the upper half are not used after. */
  private static final VectorShuffle<Float> FOLD_8 = fold(8);

  private static final VectorShuffle<Float> FOLD_4 = fold(4);
  private static final VectorShuffle<Float> FOLD_2 = fold(2);
  private static final VectorShuffle<Float> FOLD_1 = fold(1);

  /** The number of each lane. */
  private static final FloatVector LANE = FloatVector.zero(FLOATS).addIndex(1);

  private VectorReductions() {}

  private static VectorShuffle<Float> fold(int distance) {
    return VectorShuffle.fromOp(FLOATS, lane -> (lane + distance) % LANES);
  }

  /** Sum of squares by multiply-add, element i into partial sum i mod 16. */
  static float sumOfSquares(float[] x, int xOffset, int n) {
    return LANES == 16
        ? sumOfSquares16(x, xOffset, n)
        : LANES == 8 ? sumOfSquares8(x, xOffset, n) : sumOfSquares4(x, xOffset, n);
  }

  /** Plain sum, element i into partial sum i mod 16. */
  static float sum(float[] x, int xOffset, int n) {
    return LANES == 16
        ? sum16(x, xOffset, n)
        : LANES == 8 ? sum8(x, xOffset, n) : sum4(x, xOffset, n);
  }

  private static float sumOfSquares16(float[] x, int xOffset, int n) {
    FloatVector a = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + PARTIAL_SUMS <= n; i += PARTIAL_SUMS) {
      a = square(FloatVector.fromArray(FLOATS, x, xOffset + i), a);
    }
    if (i < n) {
      a = square(head(x, xOffset + i, n - i), a);
    }
    return tree16(a);
  }

  private static float sumOfSquares8(float[] x, int xOffset, int n) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + PARTIAL_SUMS <= n; i += PARTIAL_SUMS) {
      a = square(FloatVector.fromArray(FLOATS, x, xOffset + i), a);
      b = square(FloatVector.fromArray(FLOATS, x, xOffset + i + 8), b);
    }
    if (i < n) {
      a = square(head(x, xOffset + i, n - i), a);
      b = square(head(x, xOffset + i + 8, n - i - 8), b);
    }
    return tree8(a, b);
  }

  private static float sumOfSquares4(float[] x, int xOffset, int n) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    FloatVector c = FloatVector.zero(FLOATS);
    FloatVector d = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + PARTIAL_SUMS <= n; i += PARTIAL_SUMS) {
      a = square(FloatVector.fromArray(FLOATS, x, xOffset + i), a);
      b = square(FloatVector.fromArray(FLOATS, x, xOffset + i + 4), b);
      c = square(FloatVector.fromArray(FLOATS, x, xOffset + i + 8), c);
      d = square(FloatVector.fromArray(FLOATS, x, xOffset + i + 12), d);
    }
    if (i < n) {
      a = square(head(x, xOffset + i, n - i), a);
      b = square(head(x, xOffset + i + 4, n - i - 4), b);
      c = square(head(x, xOffset + i + 8, n - i - 8), c);
      d = square(head(x, xOffset + i + 12, n - i - 12), d);
    }
    return tree4(a, b, c, d);
  }

  private static float sum16(float[] x, int xOffset, int n) {
    FloatVector a = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + PARTIAL_SUMS <= n; i += PARTIAL_SUMS) {
      a = a.add(FloatVector.fromArray(FLOATS, x, xOffset + i));
    }
    if (i < n) {
      a = a.add(head(x, xOffset + i, n - i));
    }
    return tree16(a);
  }

  private static float sum8(float[] x, int xOffset, int n) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + PARTIAL_SUMS <= n; i += PARTIAL_SUMS) {
      a = a.add(FloatVector.fromArray(FLOATS, x, xOffset + i));
      b = b.add(FloatVector.fromArray(FLOATS, x, xOffset + i + 8));
    }
    if (i < n) {
      a = a.add(head(x, xOffset + i, n - i));
      b = b.add(head(x, xOffset + i + 8, n - i - 8));
    }
    return tree8(a, b);
  }

  private static float sum4(float[] x, int xOffset, int n) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    FloatVector c = FloatVector.zero(FLOATS);
    FloatVector d = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + PARTIAL_SUMS <= n; i += PARTIAL_SUMS) {
      a = a.add(FloatVector.fromArray(FLOATS, x, xOffset + i));
      b = b.add(FloatVector.fromArray(FLOATS, x, xOffset + i + 4));
      c = c.add(FloatVector.fromArray(FLOATS, x, xOffset + i + 8));
      d = d.add(FloatVector.fromArray(FLOATS, x, xOffset + i + 12));
    }
    if (i < n) {
      a = a.add(head(x, xOffset + i, n - i));
      b = b.add(head(x, xOffset + i + 4, n - i - 4));
      c = c.add(head(x, xOffset + i + 8, n - i - 8));
      d = d.add(head(x, xOffset + i + 12, n - i - 12));
    }
    return tree4(a, b, c, d);
  }

  private static FloatVector square(FloatVector x, FloatVector sum) {
    return x.fma(x, sum);
  }

  static float tree16(FloatVector a) {
    a = a.add(a.rearrange(FOLD_8));
    a = a.add(a.rearrange(FOLD_4));
    a = a.add(a.rearrange(FOLD_2));
    a = a.add(a.rearrange(FOLD_1));
    return a.lane(0);
  }

  static float tree8(FloatVector a, FloatVector b) {
    FloatVector sum = a.add(b);
    sum = sum.add(sum.rearrange(FOLD_4));
    sum = sum.add(sum.rearrange(FOLD_2));
    sum = sum.add(sum.rearrange(FOLD_1));
    return sum.lane(0);
  }

  static float tree4(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
    FloatVector sum = a.add(c).add(b.add(d));
    sum = sum.add(sum.rearrange(FOLD_2));
    sum = sum.add(sum.rearrange(FOLD_1));
    return sum.lane(0);
  }

  /** The first {@code count} lanes of {@code x[at …]}, the others 0. */
  private static FloatVector head(float[] x, int at, int count) {
    if (count <= 0) {
      return FloatVector.zero(FLOATS);
    }
    return FloatVector.fromArray(FLOATS, x, at, LANE.compare(VectorOperators.LT, count));
  }

  static float max(float[] x, int xOffset, int n) {
    float max = x[xOffset];
    int i = 0;
    if (n >= LANES) {
      FloatVector lanes = FloatVector.fromArray(FLOATS, x, xOffset);
      for (i = LANES; i + LANES <= n; i += LANES) {
        lanes = lanes.max(FloatVector.fromArray(FLOATS, x, xOffset + i));
      }
      max = lanes.reduceLanes(VectorOperators.MAX);
    }
    for (; i < n; i++) {
      max = Math.max(max, x[xOffset + i]);
    }
    return max;
  }

  /** The first position that equals the maximum. */
  static int argmax(float[] x, int xOffset, int n) {
    float max = max(x, xOffset, n);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      VectorMask<Float> equal =
          FloatVector.fromArray(FLOATS, x, xOffset + i).compare(VectorOperators.EQ, max);
      if (equal.anyTrue()) {
        return i + equal.firstTrue();
      }
    }
    for (; i < n; i++) {
      if (x[xOffset + i] == max) {
        return i;
      }
    }
    // only a row with NaN has no position that equals its maximum
    return ScalarKernels.argmaxOf(x, xOffset, n);
  }
}
