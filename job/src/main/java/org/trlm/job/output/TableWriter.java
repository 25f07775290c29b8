package org.trlm.job.output;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.trlm.job.JobConfig.Format;

/**
 * Writes a table with Spark's own writers: each file whole or not at all, {@code _SUCCESS} last.
 */
public final class TableWriter {
  private TableWriter() {}

  /**
   * @param directory missing or empty, as the commands have checked
   */
  public static void write(Dataset<Row> rows, Format format, String directory) {
    // append, because Spark's other modes refuse or delete a directory that is empty but there
    var writer = rows.write().mode(SaveMode.Append);
    switch (format) {
      case PARQUET -> writer.parquet(directory);
      case OPENAI_BATCH, DELTA -> WaveFormat.of(format).write(rows, directory);
      case JSONL -> writer.option("ignoreNullFields", "false").json(directory);
    }
  }
}
