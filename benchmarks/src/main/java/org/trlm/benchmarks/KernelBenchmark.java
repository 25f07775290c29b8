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
 * Matrix products of the layers of a 135M model, and attention over its key/value cache, beside
 * what the machine can do: a loop of multiply-adds in registers and a loop that reads memory,
 * measured in turn with them. Times are CPU time of the one thread, the best of several rounds.
 * Every product is checked against its definition. Prints tables and one line of JSON.
 */
final class KernelBenchmark {

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Outputs and inputs of a layer's four products. */
  private static final int[][] LAYER = {{960, 576}, {576, 576}, {3072, 576}, {576, 1536}};

  private static final int LAYERS = 30;
  private static final int ROUNDS = 7;
  private static final int STRIDE = 3072 + 16;
  private static final int[] TOKENS = {1, 2, 5, 16, 48, 96, 512};

  /** Results go here, so that no loop is dead. */
  private static float sink;

  private static final List<String> RESULTS = new ArrayList<>();

  private KernelBenchmark() {}

  public static void main(String[] arguments) {
    Kernels kernels = KernelProvider.vector();
    System.out.printf(Locale.ROOT, "%s, Java %s, one thread%n", kernels.name(), Runtime.version());
    for (PanelDtype dtype : PanelDtype.values()) {
      List<WeightMatrix> layers = kernels.pack(matrices(LAYERS, dtype));
      List<WeightMatrix> panel =
          kernels.pack(List.of(new MatrixRows("panel", 64, 576, dtype, KernelBenchmark::weights)));
      System.out.printf(
          Locale.ROOT,
          "%n%s%n  %-24s %8s %10s %8s %12s%n",
          dtype,
          "tokens",
          "GFLOP/s",
          "% of peak",
          "GB/s",
          "% of reading");
      for (int tokens : TOKENS) {
        report(layers, dtype, tokens, 1, Integer.toString(tokens));
      }
      report(panel, dtype, 48, 400, "48, one panel in cache");
    }
    AttentionBenchmark.run(kernels, RESULTS);
    System.out.printf(
        Locale.ROOT,
        "{\"kernels\": \"%s\", \"java\": \"%s\", \"results\": [%s]}%n",
        kernels.name(),
        Runtime.version(),
        String.join(", ", RESULTS));
    if (sink != sink) {
      throw new IllegalStateException("the loops beside the kernels computed no number");
    }
  }

  private static void report(
      List<WeightMatrix> weights, PanelDtype dtype, int tokens, int repeats, String label) {
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
    double seconds = Double.MAX_VALUE;
    double peak = 0;
    double read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      peak = Math.max(peak, fmaGigaflops());
      read = Math.max(read, gigabytesPerSecond());
      long start = THREADS.getCurrentThreadCpuTime();
      for (int repeat = 0; repeat < repeats; repeat++) {
        for (WeightMatrix matrix : weights) {
          matrix.multiply(x, 0, STRIDE, tokens, out, 0, STRIDE);
        }
      }
      seconds = Math.min(seconds, (THREADS.getCurrentThreadCpuTime() - start) * 1e-9);
    }
    WeightMatrix last = weights.get(weights.size() - 1);
    check(last, x, out, tokens - 1);
    double rate = flop / seconds * 1e-9;
    double stream = bytes / seconds * 1e-9;
    System.out.printf(
        Locale.ROOT,
        "  %-24s %8.1f %9.1f%% %8.1f %11.1f%%%n",
        label,
        rate,
        100 * rate / peak,
        stream,
        100 * stream / read);
    RESULTS.add(
        String.format(
            Locale.ROOT,
            "{\"dtype\": \"%s\", \"tokens\": \"%s\", \"gflops\": %.1f, \"peak\": %.1f, \"gbps\":"
                + " %.1f, \"read_gbps\": %.1f}",
            dtype,
            label,
            rate,
            peak,
            stream,
            read));
  }

  /** Compares the last product's outputs of one token with one accumulator over k in order. */
  private static void check(WeightMatrix matrix, float[] x, float[] out, int token) {
    float[] row = new float[matrix.numCols()];
    for (int n = 0; n < matrix.numRows(); n++) {
      matrix.unpackRow(n, row, 0);
      float sum = 0f;
      for (int k = 0; k < row.length; k++) {
        sum = Math.fma(x[token * STRIDE + k], row[k], sum);
      }
      if (sum != out[token * STRIDE + n]) {
        throw new IllegalStateException(
            "output "
                + n
                + " of token "
                + token
                + " is "
                + out[token * STRIDE + n]
                + ", not "
                + sum);
      }
    }
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

  private static final float[] MEMORY = new float[1 << 25];

  /** One reading of 128 MB, more than the caches hold. */
  static double gigabytesPerSecond() {
    long start = THREADS.getCurrentThreadCpuTime();
    sink += readAll(MEMORY);
    double seconds = (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
    return (double) MEMORY.length * Float.BYTES / seconds * 1e-9;
  }

  private static float readAll(float[] memory) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = FloatVector.zero(FLOATS);
    FloatVector c = FloatVector.zero(FLOATS);
    FloatVector d = FloatVector.zero(FLOATS);
    int lanes = FLOATS.length();
    for (int i = 0; i + 4 * lanes <= memory.length; i += 4 * lanes) {
      a = a.add(FloatVector.fromArray(FLOATS, memory, i));
      b = b.add(FloatVector.fromArray(FLOATS, memory, i + lanes));
      c = c.add(FloatVector.fromArray(FLOATS, memory, i + 2 * lanes));
      d = d.add(FloatVector.fromArray(FLOATS, memory, i + 3 * lanes));
    }
    return a.add(b).add(c.add(d)).lane(0);
  }
}
