package org.trlm.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What the definition itself must return. */
class ScalarKernelsTest {

  private final Kernels kernels = KernelProvider.scalar();

  @Test
  void exponentialIsWithinTwoUnitsInTheLastPlace() {
    for (float x = -60f; x <= 88f; x += 0.00037f) {
      double exact = StrictMath.exp(x);
      assertThat(Math.abs(Kernels.exp(x) - exact))
          .as("exp(%s)", x)
          .isLessThanOrEqualTo(2.0 * Math.ulp((float) exact));
    }
  }

  @Test
  void exponentialVanishesBelowMinusSixtyAndSaturatesAboveEightyEight() {
    assertThat(Kernels.exp(-60f)).isGreaterThan(Float.MIN_NORMAL);
    assertThat(Kernels.exp(Math.nextDown(-60f))).isEqualTo(0f);
    assertThat(Kernels.exp(Float.NEGATIVE_INFINITY)).isEqualTo(0f);
    assertThat(Kernels.exp(Float.POSITIVE_INFINITY)).isEqualTo(Kernels.exp(88f)).isFinite();
    assertThat(Kernels.exp(0f)).isEqualTo(1f);
    assertThat(Kernels.exp(-0f)).isEqualTo(1f);
  }

  @Test
  void aProductIsOneAccumulatorOverKInOrder() {
    int rows = 70;
    int cols = 37;
    WeightMatrix weights = pack(rows, cols, PanelDtype.FLOAT32);
    float[] x = new float[cols];
    for (int k = 0; k < cols; k++) {
      x[k] = 1f / (k + 1);
    }
    float[] out = new float[weights.paddedRows()];
    weights.multiply(x, 0, cols, 1, out, 0, out.length);
    for (int n = 0; n < rows; n++) {
      float sum = 0f;
      for (int k = 0; k < cols; k++) {
        sum = Math.fma(x[k], weight(n, k), sum);
      }
      assertThat(out[n]).isEqualTo(sum);
    }
  }

  @Test
  void rowsComeBackExactlyAndBfloat16RoundsToNearestEven() {
    WeightMatrix exact = pack(70, 37, PanelDtype.FLOAT32);
    WeightMatrix rounded = pack(70, 37, PanelDtype.BFLOAT16);
    float[] row = new float[37];
    for (int n = 0; n < 70; n++) {
      exact.unpackRow(n, row, 0);
      for (int k = 0; k < 37; k++) {
        assertThat(row[k]).isEqualTo(weight(n, k));
      }
      rounded.unpackRow(n, row, 0);
      for (int k = 0; k < 37; k++) {
        assertThat(Float.floatToIntBits(row[k]) & 0xffff).isZero();
        assertThat(row[k]).isCloseTo(weight(n, k), within(Math.abs(weight(n, k)) / 256));
      }
    }
    assertThat(PanelDtype.roundToBfloat16(1f + 1f / 256)).isEqualTo(1f);
    assertThat(PanelDtype.roundToBfloat16(1f + 3f / 256)).isEqualTo(1f + 4f / 256);
    assertThat(exact.bytes()).isEqualTo(128L * 37 * 4);
    assertThat(rounded.bytes()).isEqualTo(128L * 37 * 2);
  }

  @Test
  void softmaxSumsThroughSixteenPartialSumsAndATree() {
    float[] x = new float[53];
    for (int i = 0; i < x.length; i++) {
      x[i] = -0.37f * i;
    }
    float[] out = new float[x.length];
    float sum = kernels.softmaxNumerators(x, 0, 0f, 0.5f, out, 0, x.length);
    float[] partial = new float[16];
    for (int i = 0; i < x.length; i++) {
      assertThat(out[i]).isEqualTo(Kernels.exp(x[i] * 0.5f));
      partial[i % 16] += out[i];
    }
    for (int half = 8; half >= 1; half /= 2) {
      for (int i = 0; i < half; i++) {
        partial[i] += partial[i + half];
      }
    }
    assertThat(sum).isEqualTo(partial[0]);
  }

  @Test
  void argmaxTakesTheLowestIndexAndIgnoresNaN() {
    assertThat(kernels.argmax(new float[] {9, 1, 3, 2, 3}, 1, 4)).isEqualTo(1);
    assertThat(kernels.argmax(new float[] {Float.NaN, -1, Float.NaN, 0}, 0, 4)).isEqualTo(3);
    assertThat(kernels.argmax(new float[] {Float.NaN, Float.NaN}, 0, 2)).isZero();
  }

  private WeightMatrix pack(int rows, int cols, PanelDtype dtype) {
    MatrixRows source =
        new MatrixRows(
            "test",
            rows,
            cols,
            dtype,
            (row, into, at) -> {
              for (int k = 0; k < cols; k++) {
                into[at + k] = weight(row, k);
              }
            });
    return kernels.pack(List.of(source)).get(0);
  }

  private static float weight(int row, int col) {
    return (row * 31 + col * 17) % 101 / 50f - 1.003f;
  }

  @Test
  void aRowIsRoundedToPairsOfBfloat16() {
    float nan = Float.NaN;
    float infinity = Float.POSITIVE_INFINITY;
    // exact, up, tie to even down, tie to even up, past the largest; an odd number of values
    float[] x = {9f, 1f, 1.0039064f, 1.00390625f, 1.01171875f, Float.MAX_VALUE, nan, infinity};
    int[] pairs = new int[5];
    kernels.roundToBfloat16(x, 1, 7, pairs, 1);
    assertThat(pairs).startsWith(0);
    float[] low = {1f, 1.0078125f, 1f, 1.015625f};
    float[] high = {infinity, nan, infinity, 0f};
    for (int i = 0; i < 4; i++) {
      assertThat(Float.intBitsToFloat(pairs[1 + i] << 16))
          .as("low " + i)
          .isEqualTo(Float.valueOf(low[i]));
      assertThat(Float.intBitsToFloat(pairs[1 + i] & 0xffff0000))
          .as("high " + i)
          .isEqualTo(Float.valueOf(high[i]));
    }
  }
}
