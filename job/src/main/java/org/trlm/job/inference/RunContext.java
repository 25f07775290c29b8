package org.trlm.job.inference;

import org.trlm.job.JobConfig;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.ResponseSchema;
import org.trlm.job.progress.RunCounters;

/**
 * What a workload needs to know of the run it belongs to. Driver only.
 *
 * @param runId names the run
 * @param config the job's effective configuration
 * @param bundle the model
 * @param keySettings the settings beside model and row that change answers, as canonical JSON
 * @param counters what the tasks count
 * @param tasksPerJvm tasks that share one JVM's heap at a time; 0 asks each executor
 */
public record RunContext(
    String runId,
    JobConfig config,
    ModelBundle bundle,
    String keySettings,
    RunCounters counters,
    int tasksPerJvm) {

  /** What its rows have in common, but for the host that each executor fills in. */
  ResponseSchema.Common common() {
    return new ResponseSchema.Common(bundle.name(), bundle.fingerprint(), runId, null);
  }
}
