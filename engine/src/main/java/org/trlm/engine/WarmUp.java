package org.trlm.engine;

import org.trlm.engine.cache.KvCache;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.engine.kernel.ScalarKernels;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.Transformer;
import org.trlm.engine.schedule.ScheduledBatch;

/**
 * Has the JVM compile the kernels before rows arrive. Until C2 has compiled them, vectors are
 * objects and a step takes ten times as long; every shape of product and attention that a job meets
 * is run here, on made-up tokens after a context of zeros, until rounds are no longer faster than
 * the one before. Nothing is kept.
 */
public final class WarmUp {

  /** Tokens of the steps of one round: a piece of a prompt, then as few as at the end of a job. */
  private static final int[] STEPS = {13, 1, 2, 4, 5};

  private static final int LONGEST = 13;

  /**
   * The position of the first token of each step: attention takes four blocks of the cache at a
   * time where there are so many, then the ones that are left, the last of them in part.
   */
  private static final int CONTEXT = 5 * KvCacheManager.BLOCK_SIZE - LONGEST / 2;

  /** From then on no further step begins: a busy machine compiles late, some JVMs never do. */
  private static final long MOST_NANOS = 5_000_000_000L;

  private static final int LEAST_ROUNDS = 3;

  private WarmUp() {}

  /**
   * Called once after a model was packed, by the thread that packed it. The scalar kernels need no
   * warm-up: they would only take time.
   *
   * @param dtype of the key/value cache of the engines to come
   * @return how many steps were run
   */
  public static int run(ModelWeights weights, KvCacheDtype dtype) {
    if (weights.kernels() instanceof ScalarKernels) {
      return 0;
    }
    ModelConfig config = weights.config();
    int maxModelLen = Math.min(CONTEXT + LONGEST, config.maxPositionEmbeddings());
    int first = Math.max(0, maxModelLen - LONGEST);
    int blocks = KvCacheManager.blocksFor(maxModelLen);
    KvCache cache = new KvCache(config.attentionShape(), dtype, config.numHiddenLayers(), blocks);
    Transformer transformer = new Transformer(weights, cache, LONGEST, LONGEST, maxModelLen);
    ScheduledBatch batch = new ScheduledBatch(1, LONGEST, LONGEST);
    int[] tokens = new int[maxModelLen];
    int[] blockTable = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      blockTable[i] = i;
    }
    int steps = 0;
    long begin = System.nanoTime();
    long fastest = Long.MAX_VALUE;
    for (int round = 0; ; round++) {
      long start = System.nanoTime();
      for (int numTokens : STEPS) {
        int end = Math.min(first + numTokens, maxModelLen);
        batch.clear();
        batch.add(tokens, first, end, first, blockTable);
        transformer.forward(batch);
        weights
            .kernels()
            .argmax(transformer.logits(), transformer.logitsOffset(0), config.vocabSize());
        steps++;
        if (System.nanoTime() - begin > MOST_NANOS) {
          return steps;
        }
      }
      long now = System.nanoTime();
      boolean settled = round >= LEAST_ROUNDS && now - start > fastest * 0.9;
      if (settled) {
        return steps;
      }
      fastest = Math.min(fastest, now - start);
    }
  }
}
