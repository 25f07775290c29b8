package org.trlm.job.input;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;
import org.trlm.job.Locations;
import org.trlm.job.output.DeltaLake;

/** Prompts in a table: one that Spark's catalog knows by name, or a Delta Lake table on a path. */
final class TableInput {
  private TableInput() {}

  static PromptTable ofCatalog(SparkSession spark, InputOptions options) {
    String name = Locations.withoutPrefix(single(options));
    try {
      return PromptTable.ofColumns(spark.table(name), options, "--input table:" + name);
    } catch (JobException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      throw new JobException(
          "--input table:%s cannot be read: %s. Check the name and, for a Hive or another catalog, the --conf spark.sql.catalog… that the job was submitted with."
              .formatted(name, Causes.chain(e)),
          e);
    }
  }

  static PromptTable ofDelta(SparkSession spark, InputOptions options) {
    String path = Locations.withoutPrefix(single(options));
    DeltaLake.require("--input " + path);
    try {
      Dataset<Row> rows = spark.read().format(DeltaLake.FORMAT).load(path);
      return PromptTable.ofColumns(rows, options, "--input delta:" + path);
    } catch (JobException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      throw new JobException(
          "--input delta:%s cannot be read as a Delta table: %s.".formatted(path, Causes.chain(e)),
          e);
    }
  }

  private static String single(InputOptions options) {
    if (options.paths().size() > 1) {
      throw new JobException(
          "--input: %d tables are given; one at a time is read. Join them in a view, or give them to runs of their own."
              .formatted(options.paths().size()));
    }
    return options.paths().get(0);
  }
}
