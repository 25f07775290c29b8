package org.trlm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Locale;
import org.trlm.engine.kernel.AttentionShape;
import org.trlm.engine.kernel.Kernels;

/**
 * Attention of one decode step over a layer's cache of 48k tokens in sequences of several lengths:
 * the bytes of keys and values beside the read bandwidth of the same run. CPU time of one thread.
 */
final class AttentionBenchmark {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int[] CONTEXTS = {128, 1024, 4096};
  private static final int TOKENS = 48 * 1024;
  private static final int ROUNDS = 25;
  private static final AttentionShape SHAPE = new AttentionShape(9, 3, 64);
  private static final int WIDTH = SHAPE.numHeads() * SHAPE.headDim();

  /** Where G1 places the first element of a large array at a multiple of 64 bytes. */
  private static final int FIRST_ELEMENT = 12;

  private AttentionBenchmark() {}

  static void run(Kernels kernels, List<String> results) {
    System.out.printf(
        Locale.ROOT,
        "%nattention of one layer%n  %-24s %8s %8s %12s%n",
        "context",
        "ms",
        "GB/s",
        "% of reading");
    for (int context : CONTEXTS) {
      measure(kernels, context, results);
    }
  }

  private static void measure(Kernels kernels, int context, List<String> results) {
    int sequences = TOKENS / context;
    int blocks = context / Kernels.BLOCK_TOKENS;
    float[] cache = new float[FIRST_ELEMENT + sequences * blocks * SHAPE.blockElements()];
    for (int i = 0; i < cache.length; i++) {
      cache[i] = i % 7 * 0.125f;
    }
    int[][] blockTables = new int[sequences][blocks];
    for (int i = 0; i < sequences * blocks; i++) {
      blockTables[i % sequences][i / sequences] = i;
    }
    float[] query = new float[WIDTH];
    for (int i = 0; i < query.length; i++) {
      query[i] = i % 5 * 0.0625f;
    }
    float[] scores = new float[(int) SHAPE.scratchElements(context)];
    float[] out = new float[query.length];
    double seconds = Double.MAX_VALUE;
    double read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      read = Math.max(read, KernelBenchmark.gigabytesPerSecond());
      seconds = Math.min(seconds, step(kernels, cache, blockTables, context, query, scores, out));
    }
    check(out, context);
    double bytes = (double) Float.BYTES * (cache.length - FIRST_ELEMENT);
    System.out.printf(
        Locale.ROOT,
        "  %-24d %8.2f %8.1f %11.1f%%%n",
        context,
        seconds * 1e3,
        bytes / seconds * 1e-9,
        100 * bytes / seconds * 1e-9 / read);
    results.add(
        String.format(
            Locale.ROOT,
            "{\"attention\": %d, \"ms\": %.3f, \"gbps\": %.1f, \"read_gbps\": %.1f}",
            context,
            seconds * 1e3,
            bytes / seconds * 1e-9,
            read));
  }

  /** Seconds that all sequences take. */
  private static double step(
      Kernels kernels,
      float[] cache,
      int[][] blockTables,
      int context,
      float[] query,
      float[] scores,
      float[] out) {
    long start = THREADS.getCurrentThreadCpuTime();
    for (int[] blockTable : blockTables) {
      kernels.attention(
          SHAPE,
          query,
          0,
          WIDTH,
          1,
          context - 1,
          cache,
          FIRST_ELEMENT,
          blockTable,
          scores,
          out,
          0,
          WIDTH);
    }
    return (THREADS.getCurrentThreadCpuTime() - start) * 1e-9;
  }

  /** Values lie between 0 and 0.75, so their weighted means do. */
  private static void check(float[] out, int context) {
    for (float value : out) {
      if (!(value >= 0f && value <= 0.7501f)) {
        throw new IllegalStateException("attention at " + context + " returned " + value);
      }
    }
  }
}
