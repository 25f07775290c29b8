package org.trlm.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * Products of the emulation, or of the CPU's own units where {@code trlm.onednn.emulate} says so,
 * found and loaded as a job finds and loads them.
 */
class OneDnnPackerTest {

  /** Outputs and inputs: one of each, odd numbers, a model's own, more than one chunk, a rest. */
  private static final int[][] SHAPES = {
    {1, 1}, {3, 7}, {64, 64}, {70, 37}, {192, 576}, {576, 1536}, {5000, 33}, {8192, 2}
  };

  private static final int[] TOKENS = {1, 2, 15, 16, 17, 48, 63, 65, 100, 128, 129, 300};

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private final MatrixPacker packer =
      KernelProvider.packer(ComputeMode.BF16, KernelProvider.vector());

  OneDnnPackerTest() {
    System.out.println("products of oneDNN: seed " + seed);
  }

  @Test
  void precisionIsWhatTheTestsAskedFor() {
    assertThat(packer.name()).startsWith("onednn-" + TestPrecision.asked().spelling() + "+vector-");
  }

  @Test
  void productsAreThoseOfTheRoundedOperands() {
    for (int[] shape : SHAPES) {
      float[] weights = values(shape[0] * shape[1]);
      WeightMatrix matrix = pack(shape, weights);
      assertThat(matrix.numRows()).isEqualTo(shape[0]);
      assertThat(matrix.numCols()).isEqualTo(shape[1]);
      assertThat(matrix.bytes())
          .isGreaterThanOrEqualTo((long) TestPrecision.asked().bytes() * shape[0] * shape[1]);
      int tokens = TOKENS[random.nextInt(TOKENS.length)];
      int xStride = shape[1] + random.nextInt(3);
      int outStride = matrix.paddedRows() + random.nextInt(3);
      float[] x = values(5 + tokens * xStride);
      float[] out = new float[7 + tokens * outStride];
      matrix.multiply(x, 5, xStride, tokens, out, 7, outStride);
      for (int check = 0; check < 200; check++) {
        int token = check == 0 ? tokens - 1 : random.nextInt(tokens);
        int row = check == 0 ? shape[0] - 1 : random.nextInt(shape[0]);
        double sum = 0;
        double magnitude = 0;
        for (int k = 0; k < shape[1]; k++) {
          double term =
              (double) rounded(x[5 + token * xStride + k]) * rounded(weights[row * shape[1] + k]);
          sum += term;
          magnitude += Math.abs(term);
        }
        assertThat((double) out[7 + token * outStride + row])
            .as("seed %s, %s x %s, token %s of %s", seed, shape[0], shape[1], token, tokens)
            .isCloseTo(sum, within(1e-5 * magnitude + 1e-30));
      }
    }
  }

  @Test
  void rowsAreUnpackedAsTheyWereRounded() {
    for (int[] shape : SHAPES) {
      float[] weights = values(shape[0] * shape[1]);
      WeightMatrix matrix = pack(shape, weights);
      float[] row = new float[shape[1] + 2];
      for (int n = 0; n < shape[0]; n += 1 + random.nextInt(100)) {
        matrix.unpackRow(n, row, 2);
        for (int k = 0; k < shape[1]; k++) {
          assertThat(row[2 + k]).as("seed %s", seed).isEqualTo(rounded(weights[n * shape[1] + k]));
        }
      }
    }
  }

  /** A row's bits are those it has alone, whatever is multiplied with it and where it stands. */
  @Test
  void bitsDoNotDependOnTheOtherRows() {
    for (int[] shape : SHAPES) {
      WeightMatrix matrix = pack(shape, values(shape[0] * shape[1]));
      float[] row = values(shape[1]);
      float[] alone = new float[shape[0]];
      matrix.multiply(row, 0, shape[1], 1, alone, 0, shape[0]);
      for (int tokens : TOKENS) {
        int at = random.nextInt(tokens);
        float[] x = values(tokens * shape[1]);
        System.arraycopy(row, 0, x, at * shape[1], shape[1]);
        float[] out = new float[tokens * shape[0]];
        matrix.multiply(x, 0, shape[1], tokens, out, 0, shape[0]);
        float[] found = new float[shape[0]];
        System.arraycopy(out, at * shape[0], found, 0, shape[0]);
        assertThat(found)
            .as("seed %s, %s x %s, row %s of %s", seed, shape[0], shape[1], at, tokens)
            .isEqualTo(alone);
      }
    }
  }

  /** Overflow of one row stays in that row, as infinities and NaN. */
  @Test
  void infinitiesStayInTheirRow() {
    int[] shape = {96, 64};
    WeightMatrix matrix = pack(shape, values(96 * 64));
    float[] x = values(3 * 64);
    float[] expected = new float[3 * 96];
    matrix.multiply(x, 0, 64, 3, expected, 0, 96);
    x[64 + 5] = Float.POSITIVE_INFINITY;
    x[64 + 6] = Float.MAX_VALUE;
    x[64 + 9] = Float.NaN;
    float[] out = new float[3 * 96];
    matrix.multiply(x, 0, 64, 3, out, 0, 96);
    for (int n = 0; n < 96; n++) {
      assertThat(out[n]).isEqualTo(expected[n]);
      assertThat(out[96 + n]).isNaN();
      assertThat(out[2 * 96 + n]).isEqualTo(expected[2 * 96 + n]);
    }
  }

  @Test
  void threadsShareWeightsAndNothingElse() throws Exception {
    int[] shape = {700, 300};
    WeightMatrix matrix = pack(shape, values(700 * 300));
    List<float[]> inputs = new ArrayList<>();
    List<float[]> expected = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      inputs.add(values((20 + 30 * i) * 300));
      expected.add(product(inputs.get(i), matrix));
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int input = i;
        running.add(
            threads.submit(
                () -> {
                  for (int round = 0; round < 40; round++) {
                    assertThat(product(inputs.get(input), matrix))
                        .as("seed %s, thread %s, round %s", seed, input, round)
                        .isEqualTo(expected.get(input));
                  }
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private float[] product(float[] x, WeightMatrix matrix) {
    int tokens = x.length / matrix.numCols();
    float[] out = new float[tokens * matrix.numRows()];
    matrix.multiply(x, 0, matrix.numCols(), tokens, out, 0, matrix.numRows());
    return out;
  }

  /** Packed after another matrix, so that it is not the model's only one. */
  private WeightMatrix pack(int[] shape, float[] weights) {
    MatrixRows source =
        new MatrixRows(
            "test",
            shape[0],
            shape[1],
            PanelDtype.BFLOAT16,
            (row, into, at) -> System.arraycopy(weights, row * shape[1], into, at, shape[1]));
    MatrixRows other = new MatrixRows("other", 40, 24, PanelDtype.FLOAT32, (row, into, at) -> {});
    return packer.pack(List.of(other, source)).get(1);
  }

  private float[] values(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float rounded(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
  }
}
