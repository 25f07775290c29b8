package org.trlm.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.Transformer;
import org.trlm.engine.model.WeightDtype;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.sample.Sampler;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * Steps of a model of 135M parameters with random weights on one thread: prefill of 512 tokens, and
 * greedy decoding of several batches at several lengths of context. Prints the median and the best
 * CPU time of a step, as a table and as one line of JSON.
 */
final class EngineBench {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int[] BATCHES = {1, 4, 16, 48, 96};
  private static final int[] CONTEXTS = {128, 1024, 4096};
  private static final int PREFILL = 512;

  /** More than the float32 weights and the logits of the largest batch take. */
  private static final long PACKED_BYTES = 1L << 30;

  private static final int WARM_UP_STEPS = 4;
  private static final int MEASURED_STEPS = 9;

  private final ModelWeights weights;
  private final Sampler sampler;
  private final List<String> results = new ArrayList<>();

  private EngineBench(ModelWeights weights) {
    this.weights = weights;
    this.sampler = new Sampler(weights.kernels(), weights.config().vocabSize());
  }

  public static void main(String[] arguments) {
    String dtype = arguments.length == 0 ? "FLOAT32" : arguments[0];
    Kernels kernels = KernelProvider.vector();
    EngineBench bench = new EngineBench(RandomModel.pack(kernels, WeightDtype.valueOf(dtype)));
    System.out.printf(
        Locale.ROOT,
        "%s, %s, Java %s, one thread, CPU time%n%-28s %12s %10s %12s%n",
        dtype,
        kernels.name(),
        Runtime.version(),
        "step",
        "median ms",
        "best ms",
        "tokens/s");
    bench.measure("prefill", 1, 0, PREFILL);
    for (int context : CONTEXTS) {
      for (int batch : BATCHES) {
        bench.measure("decode", batch, context, 1);
      }
    }
    System.out.printf(
        "{\"dtype\": \"%s\", \"kernels\": \"%s\", \"java\": \"%s\", \"results\": [%s]}%n",
        dtype, kernels.name(), Runtime.version(), String.join(", ", bench.results));
  }

  /** Steps in which each of {@code batch} sequences computes {@code tokens} after its context. */
  private void measure(String phase, int batch, int context, int tokens) {
    ModelConfig config = weights.config();
    int blocks = KvCacheManager.blocksFor(context + tokens);
    long bytes =
        batch
            * blocks
            * KvCache.bytesPerBlock(
                config.attentionShape(), KvCacheDtype.FLOAT32, config.numHiddenLayers());
    if (bytes > Runtime.getRuntime().maxMemory() - PACKED_BYTES) {
      System.out.printf(
          "%s %d at %d: %d MiB of cache do not fit; raise TRLM_DRIVER_MEMORY%n",
          phase, batch, context, bytes >> 20);
      return;
    }
    KvCache cache =
        new KvCache(
            config.attentionShape(),
            KvCacheDtype.FLOAT32,
            config.numHiddenLayers(),
            batch * blocks);
    Transformer transformer =
        new Transformer(weights, cache, batch * tokens, batch, context + tokens);
    int[] tokenIds = new int[context + tokens];
    for (int i = 0; i < tokenIds.length; i++) {
      tokenIds[i] = i * 7919 % config.vocabSize();
    }
    int[][] blockTables = new int[batch][blocks];
    for (int i = 0; i < batch * blocks; i++) {
      // blocks of a sequence are spread over the pool, as after a while in a job
      blockTables[i % batch][i / batch] = i;
    }
    ScheduledBatch scheduled = new ScheduledBatch(batch, batch * tokens, batch);
    double[] millis = new double[MEASURED_STEPS];
    for (int step = -WARM_UP_STEPS; step < MEASURED_STEPS; step++) {
      long start = THREADS.getCurrentThreadCpuTime();
      scheduled.clear();
      for (int[] blockTable : blockTables) {
        scheduled.add(tokenIds, context, context + tokens, context + tokens - 1, blockTable);
      }
      transformer.forward(scheduled);
      sample(transformer, batch);
      if (step >= 0) {
        millis[step] = (THREADS.getCurrentThreadCpuTime() - start) * 1e-6;
      }
    }
    report(phase, batch, context, tokens, millis);
  }

  /** All sequences are the same, so they must choose the same token. */
  private void sample(Transformer transformer, int batch) {
    int first = -1;
    for (int i = 0; i < batch; i++) {
      int token =
          sampler.sample(
              transformer.logits(), transformer.logitsOffset(i), SamplingParams.greedy(1), 0, 0);
      if (i > 0 && token != first) {
        throw new IllegalStateException("sequence " + i + " chose " + token + ", 0 " + first);
      }
      first = token;
    }
  }

  private void report(String phase, int batch, int context, int tokens, double[] millis) {
    Arrays.sort(millis);
    double median = millis[millis.length / 2];
    double rate = batch * tokens / median * 1000;
    System.out.printf(
        Locale.ROOT,
        "%-28s %12.1f %10.1f %12.0f%n",
        phase + " " + batch + " x " + tokens + " at " + context,
        median,
        millis[0],
        rate);
    results.add(
        String.format(
            Locale.ROOT,
            "{\"phase\": \"%s\", \"batch\": %d, \"context\": %d, \"tokens\": %d, \"median_ms\":"
                + " %.2f, \"best_ms\": %.2f, \"tokens_per_second\": %.1f}",
            phase,
            batch,
            context,
            tokens,
            median,
            millis[0],
            rate));
  }
}
