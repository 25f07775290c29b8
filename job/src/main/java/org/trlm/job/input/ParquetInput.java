package org.trlm.job.input;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/** Prompts in Parquet files. */
final class ParquetInput {
  private ParquetInput() {}

  static PromptTable open(SparkSession spark, InputOptions options) {
    String where = String.join(", ", options.paths());
    Dataset<Row> rows;
    try {
      rows =
          spark
              .read()
              // reads every footer: columns that differ between files and broken files show now
              .option("mergeSchema", "true")
              // these two would drop rows without a word
              .option("ignoreCorruptFiles", "false")
              .option("ignoreMissingFiles", "false")
              .parquet(options.paths().toArray(String[]::new));
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      throw new JobException(
          "--input %s cannot be read as Parquet: %s. Check that each file is a whole Parquet file and that their columns agree."
              .formatted(where, Causes.chain(e)),
          e);
    }
    PromptColumns meaning = PromptColumns.find(options, rows.schema(), "--input " + where);
    return new PromptTable(rows, rows.schema(), meaning, PromptRowReader.ofColumns(meaning));
  }
}
