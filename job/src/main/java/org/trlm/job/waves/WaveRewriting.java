package org.trlm.job.waves;

import static org.apache.spark.sql.functions.col;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.output.WaveFormat;

/** Writes waves anew, without some of their answers, in the place of the old ones. Driver only. */
final class WaveRewriting {
  private static final long ROWS_PER_FILE = 100_000;
  private static final long MOST_FILES = 10_000;

  private final SparkSession spark;
  private final OutputFiles output;
  private final WaveFormat format;
  private final Lease lease;
  private final Supplier<WaveName> names;

  /**
   * @param names of new waves
   */
  WaveRewriting(
      SparkSession spark,
      OutputFiles output,
      WaveFormat format,
      Lease lease,
      Supplier<WaveName> names) {
    this.spark = spark;
    this.output = output;
    this.format = format;
    this.lease = lease;
    this.names = names;
  }

  /**
   * Writes the waves that hold dropped answers anew, without those.
   *
   * @param dropped with the columns request_id and {@link WaveFormat#WAVE}
   * @param answers with {@link WaveFormat#KEY_COLUMNS}
   */
  void leaveOut(Dataset<Row> dropped, Dataset<Row> answers) throws IOException {
    List<String> touched = new ArrayList<>();
    long gone = 0;
    for (Row wave : dropped.groupBy(WaveFormat.WAVE).count().collectAsList()) {
      touched.add(wave.getString(0));
      gone += wave.getLong(1);
    }
    if (touched.isEmpty()) {
      return;
    }
    touched.sort(null);
    long rows = answers.filter(col(WaveFormat.WAVE).isin(touched.toArray())).count();
    exchange(touched, dropped, rows - gone, WaveExchange.Step.NONE);
  }

  /**
   * Puts one wave, of few files, in the place of others.
   *
   * @param rows that it will hold
   * @param step what a test does after each step
   */
  void exchange(List<String> old, Dataset<Row> dropped, long rows, WaveExchange.Step step)
      throws IOException {
    WaveName wave = rows == 0 ? null : names.get();
    List<String> paths = old.stream().map(name -> output.path(name).toString()).toList();
    int files = (int) Math.max(1, Math.min(MOST_FILES, rows / ROWS_PER_FILE));
    lease.check();
    WaveExchange.exchange(
        output,
        wave,
        directory -> format.rewrite(spark, paths, dropped, files, directory),
        old,
        step);
  }
}
