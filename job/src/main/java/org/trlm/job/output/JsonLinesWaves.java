package org.trlm.job.output;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Waves of JSON Lines files. Answers are copied as lines of text, so that not a digit changes. */
final class JsonLinesWaves implements WaveFormat {
  private static final String LINE = "value";
  private static final String PARSED = "_trlm_parsed";

  private static final StructType KEYS =
      new StructType()
          .add("custom_id", DataTypes.StringType)
          .add("row_key", DataTypes.StringType)
          .add("request_id", DataTypes.StringType)
          .add("sample_index", DataTypes.IntegerType)
          .add("status", DataTypes.StringType)
          .add("finish_reason", DataTypes.StringType);

  @Override
  public void write(Dataset<Row> answers, String directory) {
    answers.write().mode(SaveMode.Append).option("ignoreNullFields", "false").json(directory);
  }

  @Override
  public Dataset<Row> keys(SparkSession spark, List<String> directories) {
    return lines(spark, directories).select(col(PARSED + ".*"), col(WAVE));
  }

  @Override
  public void rewrite(
      SparkSession spark,
      List<String> directories,
      Dataset<Row> dropped,
      int files,
      String directory) {
    Dataset<Row> keyed =
        lines(spark, directories).select(col(LINE), col(PARSED + ".request_id"), col(WAVE));
    WaveFiles.without(keyed, dropped)
        .select(LINE)
        .repartition(files)
        .write()
        .mode(SaveMode.Append)
        .text(directory);
    WaveFiles.renameTexts(spark, directory, "json");
  }

  private static Dataset<Row> lines(SparkSession spark, List<String> directories) {
    return WaveFiles.reader(spark)
        .text(directories.toArray(String[]::new))
        .select(
            col(LINE),
            // a line that is cut or damaged must not pass for an answer that is missing
            from_json(col(LINE), KEYS, Map.of("mode", "FAILFAST")).as(PARSED),
            WaveFiles.wave());
  }
}
