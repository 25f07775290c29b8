package org.trlm.engine;

import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.schedule.ScheduledBatch;

/** Real engines whose forward pass fails whenever one token is in the batch. */
public final class FailingEngines {
  private FailingEngines() {}

  public static Engine failingOn(
      int poison, ModelWeights weights, EngineConfig config, byte[][] tokenText, int[] endOfTurn) {
    ForwardPass real = ForwardPass.transformer(weights, config);
    ForwardPass failing =
        new ForwardPass() {
          @Override
          public void forward(ScheduledBatch batch) {
            for (int i = 0; i < batch.numTokens(); i++) {
              if (batch.tokenIds()[i] == poison) {
                throw new IllegalStateException("poisoned by token " + poison);
              }
            }
            real.forward(batch);
          }

          @Override
          public float[] logits() {
            return real.logits();
          }

          @Override
          public int logitsOffset(int i) {
            return real.logitsOffset(i);
          }
        };
    return new Engine(
        failing,
        weights.kernels(),
        weights.config().vocabSize(),
        config,
        AnswerFormat.of(tokenText, endOfTurn));
  }
}
