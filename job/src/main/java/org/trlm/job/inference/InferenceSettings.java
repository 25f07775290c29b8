package org.trlm.job.inference;

import java.io.Serializable;
import org.trlm.job.JobConfig;
import org.trlm.job.input.PromptRowReader;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.output.ResponseSchema;

/**
 * What the tasks of one run need to know beside the model. Made on the driver.
 *
 * @param runId names the run
 * @param config the job's effective configuration
 * @param reader reads what a row asks for
 * @param sampling lays the row's parameters over the job's
 * @param schema lays out output rows
 * @param keySettings the settings beside model and row that change answers, as canonical JSON
 * @param tasksPerJvm tasks that share one JVM's heap at a time; 0 asks each executor
 */
public record InferenceSettings(
    String runId,
    JobConfig config,
    PromptRowReader reader,
    SamplingResolver sampling,
    ResponseSchema schema,
    String keySettings,
    int tasksPerJvm)
    implements Serializable {

  /** The keys of answers by the model of this fingerprint. */
  GenerationKeys keys(String fingerprint) {
    return new GenerationKeys(sampling, keySettings, fingerprint);
  }
}
