package org.trlm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * The matrix products of one step of a 135M model by each compute mode that this machine has, one
 * thread, the modes in turn. Times are CPU time, the best of several rounds; the rounding of
 * activations and the copies to and from native memory count. What a mode lacks is printed in its
 * place.
 */
final class ProductBenchmark {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Outputs and inputs of a layer's four products. */
  private static final int[][] LAYER = {{960, 576}, {576, 576}, {3072, 576}, {576, 1536}};

  private static final int LAYERS = 30;
  private static final int VOCABULARY = 49152;
  private static final int HIDDEN = 576;
  private static final int ROUNDS = 5;
  private static final int[] TOKENS = {1, 16, 48, 96, 192};

  private record Contender(String name, List<WeightMatrix> matrices) {}

  private ProductBenchmark() {}

  public static void main(String[] arguments) {
    List<Contender> contenders = new ArrayList<>();
    contenders.add(contender(KernelProvider.vector(), PanelDtype.FLOAT32));
    Optional<String> missing = KernelProvider.missing(ComputeMode.BF16);
    if (missing.isEmpty()) {
      MatrixPacker packer = KernelProvider.packer(ComputeMode.BF16, KernelProvider.vector());
      contenders.add(contender(packer, PanelDtype.BFLOAT16));
    }
    System.out.printf(Locale.ROOT, "GFLOP/s, Java %s, one thread%n", Runtime.version());
    System.out.printf(Locale.ROOT, "%8s", "tokens");
    for (Contender contender : contenders) {
      System.out.printf(Locale.ROOT, "  %34s", contender.name());
    }
    System.out.println();
    for (int tokens : TOKENS) {
      measure(contenders, tokens);
    }
    missing.ifPresent(why -> System.out.println("not measured: " + why));
  }

  private static Contender contender(MatrixPacker packer, PanelDtype dtype) {
    List<MatrixRows> matrices = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int[] shape : LAYER) {
        matrices.add(matrix(shape[0], shape[1], dtype));
      }
    }
    matrices.add(matrix(VOCABULARY, HIDDEN, dtype));
    return new Contender(packer.name(), packer.pack(matrices));
  }

  private static MatrixRows matrix(int rows, int cols, PanelDtype dtype) {
    return new MatrixRows(
        "layer",
        rows,
        cols,
        dtype,
        (row, into, at) -> {
          for (int i = 0; i < cols; i++) {
            into[at + i] = (row * 31 + i * 7) % 64 * 0.015625f - 0.5f;
          }
        });
  }

  private static void measure(List<Contender> contenders, int tokens) {
    int xStride = 1536 + 16;
    int outStride = VOCABULARY + 16;
    float[] x = new float[tokens * xStride];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 17 * 0.125f - 1f;
    }
    float[] out = new float[tokens * outStride];
    double[] best = new double[contenders.size()];
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < best.length; i++) {
        Contender contender = contenders.get(i);
        double flop = 0;
        long start = THREADS.getCurrentThreadCpuTime();
        for (WeightMatrix matrix : contender.matrices()) {
          matrix.multiply(x, 0, xStride, tokens, out, 0, outStride);
          flop += 2.0 * tokens * matrix.numRows() * matrix.numCols();
        }
        double seconds = (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
        best[i] = Math.max(best[i], flop / seconds * 1e-9);
      }
    }
    System.out.printf(Locale.ROOT, "%8d", tokens);
    for (double rate : best) {
      System.out.printf(Locale.ROOT, "  %34.1f", rate);
    }
    System.out.println();
  }
}
