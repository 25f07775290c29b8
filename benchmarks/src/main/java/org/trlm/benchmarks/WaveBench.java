package org.trlm.benchmarks;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.inference.RequestKeys;
import org.trlm.job.inference.RowKeys;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.PromptTable;
import org.trlm.job.output.Publication;
import org.trlm.job.waves.Pending;
import org.trlm.job.waves.Retry;
import org.trlm.job.waves.WaveOutput;

/**
 * What keys, staging and the anti-join cost for a number of tiny rows, without a model: a first run
 * that answers every row with its keys alone, or a second run over the same rows and 200 new ones.
 * Run by {@code waves.sh}, each run in a JVM of its own.
 */
public final class WaveBench {
  private static final int NEW_ROWS = 200;

  private WaveBench() {}

  /**
   * @param arguments directory to write to, number of rows, number of waves of the first run, first
   *     or second
   */
  public static void main(String[] arguments) throws Throwable {
    Path scratch = Path.of(arguments[0]);
    long rows = Long.parseLong(arguments[1]);
    long waves = Long.parseLong(arguments[2]);
    boolean first = arguments[3].equals("first");
    SparkSession spark =
        SparkSession.builder()
            .appName("wave bench")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.local.dir", scratch.resolve("local").toString())
            .getOrCreate();
    long asked = first ? rows : rows + NEW_ROWS;
    run(
        spark,
        input(spark, scratch, arguments[3], asked),
        scratch.resolve("output").toUri().toString(),
        first ? "20260101T000000Z-00000001" : "20260102T000000Z-00000002",
        asked,
        (rows + waves - 1) / waves);
    spark.stop();
  }

  private static String input(SparkSession spark, Path scratch, String name, long rows) {
    String path = scratch.resolve(name).toUri().toString();
    spark
        .range(rows)
        .select(
            concat(lit("row-"), col("id")).as("id"),
            concat(lit("Say the number "), col("id"), lit(".")).as("prompt"))
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(path);
    return path;
  }

  private static void run(
      SparkSession spark, String input, String path, String runId, long rows, long rowsPerWave)
      throws Throwable {
    spark.conf().set("spark.sql.shuffle.partitions", Long.toString(1 + rows / 20_000));
    PromptTable table = PromptTable.open(spark, InputOptions.of(List.of(input)));
    RequestKeys keys = WaveBench::keys;
    long start = System.nanoTime();
    try (WaveOutput output =
        WaveOutput.open(
            spark,
            new OutputOptions(path, Format.PARQUET, false, false),
            runId,
            Publication.NONE)) {
      output.accept(Map.of("bench", 1), new Retry(Map.of(), ""));
      Dataset<Row> keyed =
          RowKeys.addAnswerKeys(RowKeys.addTo(table), table.reader(), List.of(keys));
      Pending pending = output.pending(keyed, rows, 1, rowsPerWave);
      double staged = seconds(start);
      output.run(pending, wave -> answers(wave.table()));
      double answered = seconds(start) - staged;
      output.finish(keyed);
      System.out.printf(
          "{\"rows\": %d, \"pending\": %d, \"keys_join_and_staging_s\": %.1f, \"writing_s\": %.1f, \"heap_mb\": %d}%n",
          rows, pending.rows(), staged, answered, Runtime.getRuntime().maxMemory() >> 20);
    }
  }

  private static List<String> keys(Row input, PromptRow prompt, byte[] rowKey) {
    return List.of(
        HexFormat.of().formatHex(PromptRow.sha256("bench", HexFormat.of().formatHex(rowKey))));
  }

  /** What resume reads of an answer, and nothing else. */
  private static Dataset<Row> answers(Dataset<Row> rows) {
    return rows.select(
        col(RowKeys.ANSWER_KEYS).getItem(0).as("custom_id"),
        col(RowKeys.ANSWER_KEYS).getItem(1).as("row_key"),
        col(RowKeys.ANSWER_KEYS).getItem(2).as("request_id"),
        lit(0).as("sample_index"),
        lit("ok").as("status"),
        lit("stop").as("finish_reason"));
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
