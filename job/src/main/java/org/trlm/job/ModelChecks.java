package org.trlm.job;

import org.trlm.engine.EngineSizing;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.model.ThoughtFormat;

/** What only model and options together can tell, checked on the driver before any work. */
final class ModelChecks {
  private ModelChecks() {}

  /**
   * @throws JobException when the prompts could not be rendered, or a job-level value cannot be
   *     used with this model
   */
  static void check(JobConfig config, ModelBundle model) {
    PromptEncoder.of(config.model(), model);
    ThoughtFormat.of(config.model(), model);
    Integer asked = config.engine().maxModelLen();
    int most = model.config().maxPositionEmbeddings();
    if (asked != null && asked > most) {
      throw new JobException(
          "--max-model-len is "
              + asked
              + "; the model was made for at most "
              + most
              + " positions (max_position_embeddings).");
    }
    try {
      // what no heap could make right; what this heap can hold is seen where the engine runs
      EngineSizing.fit(model.config(), Long.MAX_VALUE, config.engine().limits());
    } catch (IllegalArgumentException e) {
      throw new JobException(e.getMessage() + ".", e);
    }
    try {
      new SamplingResolver(
              config.sampling(), model.generationDefaults(), model.config().vocabSize())
          .checkConstraint();
    } catch (IllegalArgumentException e) {
      throw new JobException(e.getMessage(), e);
    }
  }
}
