package org.trlm.job.input;

import java.util.List;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SourceFormat;
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
    SourceFormat format = InputFormat.of(options, spark.sessionState().newHadoopConf());
    PromptTable table =
        switch (format) {
          case PARQUET -> ParquetInput.open(spark, options);
          case JSONL -> JsonLinesInput.open(spark, options);
          case CSV -> CsvInput.open(spark, options);
          case OPENAI_BATCH -> OpenAiBatchInput.open(spark, options);
          case DELTA -> TableInput.ofDelta(spark, options);
          case TABLE -> TableInput.ofCatalog(spark, options);
        };
    return options.limit() == null
        ? table
        : new PromptTable(
            FirstRows.of(spark, table.rows, options.limit()),
            table.columns,
            table.meaning,
            table.reader);
  }

  /** A table whose columns are what the job reads. */
  static PromptTable ofColumns(Dataset<Row> rows, InputOptions options, String where) {
    PromptColumns meaning = PromptColumns.find(options, rows.schema(), where);
    return new PromptTable(rows, rows.schema(), meaning, PromptRowReader.ofColumns(meaning));
  }

  /** The same rows, read by one task: queries that compare them need no exchange then. */
  public PromptTable inOnePartition() {
    return new PromptTable(rows.coalesce(1), columns, meaning, reader);
  }

  /** Whether this is what Spark says of directories without any file to read. */
  static boolean isOfNoFiles(Exception failure) {
    return failure instanceof AnalysisException none
        && "UNABLE_TO_INFER_SCHEMA".equals(none.getCondition());
  }

  /** No rows, and no columns but that of prompts: what files without any content are. */
  static PromptTable empty(SparkSession spark, InputOptions options) {
    StructType columns = new StructType().add(options.promptColumn(), DataTypes.StringType);
    PromptColumns meaning = PromptColumns.named(options);
    return new PromptTable(
        spark.createDataFrame(List.of(), columns),
        columns,
        meaning,
        PromptRowReader.ofColumns(meaning));
  }
}
