package org.trlm.job.output;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobException;

/**
 * How the waves of an output are written and read again: one implementation a format. A wave is a
 * directory of files; once {@link #write} or {@link #rewrite} has returned it is whole and holds
 * {@code _SUCCESS}, and what fails before leaves it without. Driver only; several threads write
 * different waves at the same time.
 */
public interface WaveFormat {
  /** Column of {@link #keys}: the name of the wave directory that an answer stands in. */
  String WAVE = "_trlm_wave";

  /** What resume needs to know of an answer: the columns of {@link #keys}, in this order. */
  List<String> KEY_COLUMNS =
      List.of(
          "custom_id", "row_key", "request_id", "sample_index", "status", "finish_reason", WAVE);

  /** Writes answers as a new wave, with Spark's own writer and committer. */
  void write(Dataset<Row> answers, String directory);

  /**
   * The {@link #KEY_COLUMNS} of all answers of some waves.
   *
   * @param directories paths of waves, at least one
   */
  Dataset<Row> keys(SparkSession spark, List<String> directories);

  /**
   * Copies the answers of some waves into one new wave, all their columns as they are.
   *
   * @param directories paths of waves, at least one
   * @param dropped the answers left out, by their columns {@code request_id} and {@link #WAVE};
   *     null leaves out none
   * @param files number of files of the new wave
   */
  void rewrite(
      SparkSession spark,
      List<String> directories,
      Dataset<Row> dropped,
      int files,
      String directory);

  /** The implementation for a format. */
  static WaveFormat of(Format format) {
    return switch (format) {
      case PARQUET -> new ParquetWaves();
      case JSONL -> new JsonLinesWaves();
      case OPENAI_BATCH -> new OpenAiBatchWaves();
      case DELTA ->
          throw new JobException("--output-format delta is for generate. Give parquet or jsonl.");
    };
  }
}
