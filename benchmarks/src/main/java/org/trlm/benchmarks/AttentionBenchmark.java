package org.trlm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Locale;
import org.trlm.engine.kernel.AttentionScratch;
import org.trlm.engine.kernel.AttentionShape;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KeyValueBlocks;
import org.trlm.engine.kernel.KvCacheDtype;

/**
 * Attention of one decode step over a layer's cache of 48k tokens in sequences of several lengths,
 * stored in float32 and in bfloat16: the bytes of keys and values beside the read bandwidth of the
 * same run. CPU time of one thread; the two types take turns.
 */
final class AttentionBenchmark {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int[] CONTEXTS = {128, 512, 1024, 4096};
  private static final int TOKENS = 48 * 1024;
  private static final int ROUNDS = 25;
  private static final AttentionShape SHAPE = new AttentionShape(9, 3, 64);
  private static final int TOKEN_ELEMENTS = 2 * SHAPE.numKeyValueHeads() * SHAPE.headDim();
  private static final int WIDTH = SHAPE.numHeads() * SHAPE.headDim();

  /** How far behind the start of a large array G1 places the first multiple of 64 bytes. */
  private static final int FIRST_ELEMENT_BYTES = 48;

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
    int[][] blockTables = new int[sequences][blocks];
    for (int i = 0; i < sequences * blocks; i++) {
      blockTables[i % sequences][i / sequences] = i;
    }
    KvCacheDtype[] dtypes = KvCacheDtype.values();
    KeyValueBlocks[] caches = new KeyValueBlocks[dtypes.length];
    AttentionScratch[] scratches = new AttentionScratch[dtypes.length];
    double[] seconds = new double[dtypes.length];
    for (int i = 0; i < dtypes.length; i++) {
      caches[i] = cache(dtypes[i], sequences * blocks);
      scratches[i] = new AttentionScratch(SHAPE, dtypes[i], 1, context);
      seconds[i] = Double.MAX_VALUE;
    }
    float[] query = new float[WIDTH];
    for (int i = 0; i < query.length; i++) {
      query[i] = i % 5 * 0.0625f;
    }
    float[] out = new float[query.length];
    double read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      read = Math.max(read, KernelBenchmark.gigabytesPerSecond());
      for (int i = 0; i < dtypes.length; i++) {
        double step = step(kernels, caches[i], blockTables, context, query, scratches[i], out);
        seconds[i] = Math.min(seconds[i], step);
        check(out, context);
      }
    }
    for (int i = 0; i < dtypes.length; i++) {
      report(context, dtypes[i], seconds[i], read, results);
    }
  }

  private static KeyValueBlocks cache(KvCacheDtype dtype, int numBlocks) {
    int first = FIRST_ELEMENT_BYTES / dtype.bytes();
    int elements = first + numBlocks * SHAPE.blockElements();
    KeyValueBlocks cache =
        dtype == KvCacheDtype.FLOAT32
            ? KeyValueBlocks.of(SHAPE, new float[elements], first)
            : KeyValueBlocks.of(SHAPE, new short[elements], first);
    int dim = SHAPE.headDim();
    float[] token = new float[2 * dim];
    for (int i = 0; i < numBlocks * Kernels.BLOCK_TOKENS * SHAPE.numKeyValueHeads(); i++) {
      for (int d = 0; d < token.length; d++) {
        token[d] = (i + d) % 7 * 0.125f;
      }
      int block = i / SHAPE.numKeyValueHeads() / Kernels.BLOCK_TOKENS;
      int inBlock = i / SHAPE.numKeyValueHeads() % Kernels.BLOCK_TOKENS;
      cache.store(block, i % SHAPE.numKeyValueHeads(), inBlock, token, 0, dim);
    }
    return cache;
  }

  private static void report(
      int context, KvCacheDtype dtype, double seconds, double read, List<String> results) {
    double rate = (double) dtype.bytes() * TOKENS * TOKEN_ELEMENTS / seconds * 1e-9;
    System.out.printf(
        Locale.ROOT,
        "  %-24s %8.2f %8.1f %11.1f%%%n",
        context + " " + dtype.spelling(),
        seconds * 1e3,
        rate,
        100 * rate / read);
    results.add(
        String.format(
            Locale.ROOT,
            "{\"attention\": %d, \"cache\": \"%s\", \"ms\": %.3f, \"gbps\": %.1f, \"read_gbps\": %.1f}",
            context,
            dtype.spelling(),
            seconds * 1e3,
            rate,
            read));
  }

  /** Seconds that all sequences take. */
  private static double step(
      Kernels kernels,
      KeyValueBlocks cache,
      int[][] blockTables,
      int context,
      float[] query,
      AttentionScratch scratch,
      float[] out) {
    long start = THREADS.getCurrentThreadCpuTime();
    for (int[] blockTable : blockTables) {
      kernels.attention(query, 0, WIDTH, 1, context - 1, cache, blockTable, scratch, out, 0, WIDTH);
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
