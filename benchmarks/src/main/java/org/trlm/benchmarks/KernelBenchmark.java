package org.trlm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * Matrix products of the layers of a 135M model beside what the machine can do: a loop of
 * multiply-adds in registers and a loop that reads the same weights, measured in turn with them.
 * Times are CPU time of the one thread, the best of several rounds.
 */
final class KernelBenchmark {

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Outputs and inputs of a layer's four products. */
  private static final int[][] LAYER = {{960, 576}, {576, 576}, {3072, 576}, {576, 1536}};

  private static final int LAYERS = 30;
  private static final int ROUNDS = 7;
  private static final int STRIDE = 3072 + 16;
  private static final int[] TOKENS = {1, 4, 16, 48, 96, 512};

  /** Results go here, so that no loop is dead. */
  private static float sink;

  private KernelBenchmark() {}

  public static void main(String[] arguments) {
    Kernels kernels = KernelProvider.vector();
    System.out.printf(Locale.ROOT, "%s, Java %s, one thread%n", kernels.name(), Runtime.version());
    for (PanelDtype dtype : PanelDtype.values()) {
      List<WeightMatrix> layers = kernels.pack(matrices(LAYERS, dtype));
      List<WeightMatrix> panel =
          kernels.pack(List.of(new MatrixRows("panel", 64, 576, dtype, KernelBenchmark::weights)));
      double read = gigabytesPerSecond();
      System.out.printf(
          Locale.ROOT,
          "%n%s   memory read %.1f GB/s%n  tokens  GFLOP/s  %% of peak  GB/s%n",
          dtype,
          read);
      for (int tokens : TOKENS) {
        report(kernels, layers, tokens, 1, Integer.toString(tokens));
      }
      report(kernels, panel, 48, 400, "48, one panel in cache");
    }
    System.out.println("checksum " + sink);
  }

  private static void report(
      Kernels kernels, List<WeightMatrix> weights, int tokens, int repeats, String label) {
    float[] x = new float[tokens * STRIDE];
    float[] out = new float[tokens * STRIDE];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 17 * 0.125f - 1f;
    }
    double flop = 0;
    double bytes = 0;
    for (WeightMatrix matrix : weights) {
      flop += 2.0 * tokens * matrix.numRows() * matrix.numCols() * repeats;
      bytes += (double) matrix.bytes() * repeats;
    }
    double rate = 0;
    double peak = 0;
    double seconds = 0;
    for (int round = 0; round < ROUNDS; round++) {
      peak = Math.max(peak, fmaGigaflops());
      long start = THREADS.getCurrentThreadCpuTime();
      for (int repeat = 0; repeat < repeats; repeat++) {
        for (WeightMatrix matrix : weights) {
          kernels.matmul(x, 0, STRIDE, tokens, matrix, out, 0, STRIDE);
        }
      }
      double now = (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
      if (flop / now * 1e-9 > rate) {
        rate = flop / now * 1e-9;
        seconds = now;
      }
    }
    sink += out[0];
    System.out.printf(
        Locale.ROOT,
        "  %-6s  %7.1f  %6.1f %%   %6.1f%n",
        label,
        rate,
        100 * rate / peak,
        bytes / seconds * 1e-9);
  }

  private static List<MatrixRows> matrices(int layers, PanelDtype dtype) {
    List<MatrixRows> matrices = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      for (int[] shape : LAYER) {
        matrices.add(new MatrixRows("layer", shape[0], shape[1], dtype, KernelBenchmark::weights));
      }
    }
    return matrices;
  }

  private static void weights(int row, float[] into, int at) {
    for (int i = at; i < into.length; i++) {
      into[i] = (row * 31 + i * 7) % 64 * 0.015625f - 0.5f;
    }
  }

  /** Twenty-four independent chains would spill at 16 registers; twelve hide every latency. */
  private static double fmaGigaflops() {
    int steps = 4_000_000;
    long start = THREADS.getCurrentThreadCpuTime();
    sink += fmaChains(steps);
    double seconds = (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
    return 12.0 * 2 * FLOATS.length() * steps / seconds * 1e-9;
  }

  private static float fmaChains(int steps) {
    FloatVector factor = FloatVector.broadcast(FLOATS, 0.5f);
    FloatVector a = factor;
    FloatVector b = factor;
    FloatVector c = factor;
    FloatVector d = factor;
    FloatVector e = factor;
    FloatVector f = factor;
    FloatVector g = factor;
    FloatVector h = factor;
    FloatVector i = factor;
    FloatVector j = factor;
    FloatVector k = factor;
    FloatVector l = factor;
    for (int step = 0; step < steps; step++) {
      a = a.fma(factor, factor);
      b = b.fma(factor, factor);
      c = c.fma(factor, factor);
      d = d.fma(factor, factor);
      e = e.fma(factor, factor);
      f = f.fma(factor, factor);
      g = g.fma(factor, factor);
      h = h.fma(factor, factor);
      i = i.fma(factor, factor);
      j = j.fma(factor, factor);
      k = k.fma(factor, factor);
      l = l.fma(factor, factor);
    }
    FloatVector all = a.add(b).add(c).add(d).add(e).add(f);
    return all.add(g).add(h).add(i).add(j).add(k).add(l).lane(0);
  }

  private static double gigabytesPerSecond() {
    float[] memory = new float[1 << 26];
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long start = THREADS.getCurrentThreadCpuTime();
      sink += readAll(memory);
      double seconds = (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
      best = Math.max(best, (double) memory.length * Float.BYTES / seconds * 1e-9);
    }
    return best;
  }

  private static float readAll(float[] memory) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    int lanes = FLOATS.length();
    for (int i = 0; i + 2 * lanes <= memory.length; i += 2 * lanes) {
      a = a.add(FloatVector.fromArray(FLOATS, memory, i));
      b = b.add(FloatVector.fromArray(FLOATS, memory, i + lanes));
    }
    return a.add(b).lane(0);
  }
}
