package org.trlm.job.output;

import static org.apache.spark.sql.functions.col;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Waves of Parquet files. */
final class ParquetWaves implements WaveFormat {

  @Override
  public void write(Dataset<Row> answers, String directory) {
    // append, because Spark's other modes refuse or delete a directory that is empty but there
    answers.write().mode(SaveMode.Append).parquet(directory);
  }

  @Override
  public Dataset<Row> keys(SparkSession spark, List<String> directories) {
    return read(spark, directories)
        .select(KEY_COLUMNS.stream().map(functions::col).toArray(Column[]::new));
  }

  @Override
  public void rewrite(
      SparkSession spark,
      List<String> directories,
      Dataset<Row> dropped,
      int files,
      String directory) {
    Dataset<Row> kept = WaveFiles.without(read(spark, directories), dropped).drop(WAVE);
    write(kept.repartition(files), directory);
  }

  private static Dataset<Row> read(SparkSession spark, List<String> directories) {
    return WaveFiles.reader(spark)
        // an input may have got or lost a column between two runs
        .option("mergeSchema", "true")
        .parquet(directories.toArray(String[]::new))
        .select(col("*"), WaveFiles.wave());
  }
}
