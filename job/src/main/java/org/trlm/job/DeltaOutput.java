package org.trlm.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
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
    return new JobConfig(
        config.model(),
        config.input(),
        config.output().at(waves, Format.PARQUET),
        config.sampling(),
        config.engine(),
        config.run());
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
      if (DeltaPublication.hasWaves(session, table)) {
        // what a crash cut off comes first: the run may replace waves that it announced
        DeltaPublication.publish(session, table);
      }
      RunSummary summary = BatchInference.run(session, written(config), bundle);
      DeltaPublication.publish(session, table);
      return summary;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the waves are whole, but the Delta table %s cannot be written".formatted(table), e);
    }
  }
}
