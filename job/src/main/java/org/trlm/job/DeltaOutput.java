package org.trlm.job;

import java.io.IOException;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.inference.Generation;
import org.trlm.job.input.Causes;
import org.trlm.job.model.ModelBundle;
import org.trlm.job.output.DeltaLake;
import org.trlm.job.output.DeltaPublication;

/** A Delta table as the output of {@code generate}: waves of Parquet below it, then its commits. */
final class DeltaOutput {
  private DeltaOutput() {}

  /** What the run itself writes: for a Delta table the waves below it, else the output. */
  static JobConfig written(JobConfig config) {
    if (config.output().format() != Format.DELTA) {
      return config;
    }
    String waves = config.output().path() + "/" + DeltaPublication.WAVES;
    return config.with(config.output().at(waves, Format.PARQUET));
  }

  /**
   * {@link BatchInference#run} for any output; for a Delta table, what is whole is in the table
   * afterwards.
   *
   * @throws JobException when the job was submitted without Delta's package
   */
  static RunSummary run(SparkSession session, JobConfig config, ModelBundle bundle) {
    if (config.output().format() != Format.DELTA) {
      return BatchInference.run(session, config, bundle);
    }
    String table = config.output().path();
    DeltaLake.require("--output " + table);
    try {
      return BatchInference.run(
          session, written(config), bundle, Generation::of, DeltaPublication.to(session, table));
    } catch (IOException e) {
      throw new JobException(
          "--output delta:%s cannot be used: %s. Give a path that this user may read and write."
              .formatted(table, Causes.chain(e)),
          e);
    }
  }
}
