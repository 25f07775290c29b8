package org.trlm.engine;

import org.trlm.engine.schedule.ScheduledBatch;

/** The model as the engine's loop sees it. */
interface ForwardPass {
  /** Computes the batch: keys and values into the cache, and the logits that it asks for. */
  void forward(ScheduledBatch batch);

  /** Holds all rows of logits until the next forward. */
  float[] logits();

  /** Where row {@code i} of the batch's logits begins. */
  int logitsOffset(int i);
}
