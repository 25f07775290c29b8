package org.trlm.job.output;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.regexp_extract;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** What the formats of waves have in common. */
final class WaveFiles {
  private WaveFiles() {}

  /** A reader of paths that are no patterns, which fails on what it cannot read. */
  static DataFrameReader reader(SparkSession spark) {
    return spark
        .read()
        // a directory may be called out[1]
        .option("__globPaths__", "false")
        .option("ignoreCorruptFiles", "false")
        .option("ignoreMissingFiles", "false");
  }

  /** The wave directory that a row's file lies in. */
  static Column wave() {
    return regexp_extract(col("_metadata.file_path"), "/(wave(?:=|%3D)[^/]+)/[^/]+$", 1)
        .as(WaveFormat.WAVE);
  }

  /** The writer of text calls its files {@code .txt}; readers of a wave take any name. */
  static void renameTexts(SparkSession spark, String directory, String extension) {
    try {
      FileSystem files = new Path(directory).getFileSystem(spark.sessionState().newHadoopConf());
      RemoteIterator<LocatedFileStatus> written = files.listFiles(new Path(directory), true);
      while (written.hasNext()) {
        Path file = written.next().getPath();
        if (file.getName().endsWith(".txt")) {
          String name = file.getName().replaceFirst("txt$", extension);
          files.rename(file, new Path(file.getParent(), name));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The rows without those dropped; both have {@code request_id} and the wave. */
  static Dataset<Row> without(Dataset<Row> rows, Dataset<Row> dropped) {
    if (dropped == null) {
      return rows;
    }
    Dataset<Row> answers =
        dropped.select(
            col("request_id").as("_trlm_dropped"), col(WaveFormat.WAVE).as("_trlm_dropped_wave"));
    return rows.join(
        answers,
        col("request_id")
            .equalTo(col("_trlm_dropped"))
            .and(col(WaveFormat.WAVE).equalTo(col("_trlm_dropped_wave"))),
        "left_anti");
  }
}
