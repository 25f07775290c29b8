package org.trlm.job.input;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/**
 * The input of a job, opened and checked on the driver. Nothing is computed before {@link #rows()}
 * is used in an action.
 *
 * @param rows the input's columns, and internal ones after them that only {@code reader} knows
 * @param columns the input's own columns, in their order
 * @param meaning which of them mean something to the job
 * @param reader reads what a row of {@code rows} asks for, on the executors
 */
public record PromptTable(
    Dataset<Row> rows, StructType columns, PromptColumns meaning, PromptRowReader reader) {

  /**
   * Opens the input, finds its format and checks its schema.
   *
   * @throws JobException when the input cannot be read, or has no usable columns of prompts
   */
  public static PromptTable open(SparkSession spark, InputOptions options) {
    InputFormat format = InputFormat.of(spark, options);
    PromptTable table =
        switch (format.format()) {
          case PARQUET -> ParquetInput.open(spark, options);
          case JSONL -> JsonLinesInput.open(spark, options);
        };
    return options.limit() == null
        ? table
        : new PromptTable(
            table.rows.limit(Math.toIntExact(Math.min(options.limit(), Integer.MAX_VALUE - 1))),
            table.columns,
            table.meaning,
            table.reader);
  }
}
