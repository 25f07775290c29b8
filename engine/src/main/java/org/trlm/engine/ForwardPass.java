package org.trlm.engine;

import org.trlm.engine.cache.KvCache;
import org.trlm.engine.model.ModelConfig;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.model.Transformer;
import org.trlm.engine.schedule.ScheduledBatch;

/** The model as the engine's loop sees it. */
interface ForwardPass {
  /** Computes the batch: keys and values into the cache, and the logits that it asks for. */
  void forward(ScheduledBatch batch);

  /** Holds all rows of logits until the next forward. */
  float[] logits();

  /** Where row {@code i} of the batch's logits begins. */
  int logitsOffset(int i);

  /** A transformer with a cache of its own, both made for the limits of an engine. */
  static ForwardPass transformer(ModelWeights weights, EngineConfig config) {
    ModelConfig model = weights.config();
    KvCache cache =
        new KvCache(
            model.attentionShape(),
            config.kvCacheDtype(),
            model.numHiddenLayers(),
            config.numKvBlocks());
    Transformer transformer =
        new Transformer(
            weights, cache, config.maxNumBatchedTokens(), config.maxLogits(), config.maxModelLen());
    return new ForwardPass() {
      @Override
      public void forward(ScheduledBatch batch) {
        transformer.forward(batch);
      }

      @Override
      public float[] logits() {
        return transformer.logits();
      }

      @Override
      public int logitsOffset(int i) {
        return transformer.logitsOffset(i);
      }
    };
  }
}
