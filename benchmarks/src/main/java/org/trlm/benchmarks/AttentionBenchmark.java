package org.trlm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Locale;
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
  private static final int HEAD_DIM = 64;
  private static final int KEY_VALUE_HEADS = 3;
  private static final int GROUP = 3;
  private static final int HEAD_BLOCK = HEAD_DIM * Kernels.BLOCK_TOKENS;
  private static final int BLOCK_STRIDE = 2 * KEY_VALUE_HEADS * HEAD_BLOCK;

  /** Where G1 places the first element of a large array at a multiple of 64 bytes. */
  private static final int FIRST_ELEMENT = 12;

  private AttentionBenchmark() {}

  static void run(Kernels kernels, List<String> results) {
    System.out.printf(
        Locale.ROOT,
        "%nattention of one layer%n  %-24s %8s %8s %8s %8s %12s%n",
        "context",
        "scores",
        "softmax",
        "output",
        "GB/s",
        "% of reading");
    for (int context : CONTEXTS) {
      measure(kernels, context, results);
    }
  }

  private static void measure(Kernels kernels, int context, List<String> results) {
    int sequences = TOKENS / context;
    int blocks = context / Kernels.BLOCK_TOKENS;
    float[] cache = new float[FIRST_ELEMENT + sequences * blocks * BLOCK_STRIDE];
    for (int i = 0; i < cache.length; i++) {
      cache[i] = i % 7 * 0.125f;
    }
    int[][] blockTables = new int[sequences][blocks];
    for (int i = 0; i < sequences * blocks; i++) {
      blockTables[i % sequences][i / sequences] = i;
    }
    float[] query = new float[KEY_VALUE_HEADS * GROUP * HEAD_DIM];
    for (int i = 0; i < query.length; i++) {
      query[i] = i % 5 * 0.0625f;
    }
    float[] scores = new float[GROUP * context];
    float[] out = new float[query.length];
    double[] best = {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE};
    double read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      read = Math.max(read, KernelBenchmark.gigabytesPerSecond());
      double[] seconds = step(kernels, cache, blockTables, context, query, scores, out);
      for (int part = 0; part < best.length; part++) {
        best[part] = Math.min(best[part], seconds[part]);
      }
    }
    check(out, context);
    double bytes = (double) Float.BYTES * (cache.length - FIRST_ELEMENT);
    double all = best[0] + best[1] + best[2];
    System.out.printf(
        Locale.ROOT,
        "  %-24d %6.2fms %6.2fms %6.2fms %8.1f %11.1f%%%n",
        context,
        best[0] * 1e3,
        best[1] * 1e3,
        best[2] * 1e3,
        bytes / all * 1e-9,
        100 * bytes / all * 1e-9 / read);
    results.add(
        String.format(
            Locale.ROOT,
            "{\"attention\": %d, \"scores_ms\": %.3f, \"softmax_ms\": %.3f, \"output_ms\": %.3f,"
                + " \"gbps\": %.1f, \"read_gbps\": %.1f}",
            context,
            best[0] * 1e3,
            best[1] * 1e3,
            best[2] * 1e3,
            bytes / all * 1e-9,
            read));
  }

  /** Seconds in scores, softmax and outputs of all sequences and heads. */
  private static double[] step(
      Kernels kernels,
      float[] cache,
      int[][] blockTables,
      int context,
      float[] query,
      float[] scores,
      float[] out) {
    long[] nanos = new long[3];
    for (int[] blockTable : blockTables) {
      for (int head = 0; head < KEY_VALUE_HEADS; head++) {
        int queries = head * GROUP * HEAD_DIM;
        int keys = FIRST_ELEMENT + head * HEAD_BLOCK;
        int values = keys + KEY_VALUE_HEADS * HEAD_BLOCK;
        long start = THREADS.getCurrentThreadCpuTime();
        kernels.attentionScores(
            query,
            queries,
            GROUP,
            HEAD_DIM,
            cache,
            keys,
            BLOCK_STRIDE,
            blockTable,
            context,
            scores,
            context);
        long scored = THREADS.getCurrentThreadCpuTime();
        for (int row = 0; row < scores.length; row += context) {
          float max = kernels.max(scores, row, context);
          float sum = kernels.softmaxNumerators(scores, row, max, 0.125f, scores, row, context);
          kernels.scale(scores, row, 1f / sum, context);
        }
        long softmaxed = THREADS.getCurrentThreadCpuTime();
        kernels.attentionOutput(
            scores,
            context,
            GROUP,
            HEAD_DIM,
            cache,
            values,
            BLOCK_STRIDE,
            blockTable,
            context,
            out,
            queries);
        nanos[0] += scored - start;
        nanos[1] += softmaxed - scored;
        nanos[2] += THREADS.getCurrentThreadCpuTime() - softmaxed;
      }
    }
    return new double[] {nanos[0] * 1e-9, nanos[1] * 1e-9, nanos[2] * 1e-9};
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
