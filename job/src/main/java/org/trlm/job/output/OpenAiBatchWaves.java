package org.trlm.job.output;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.regexp_extract;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobException;

/**
 * Waves of lines as OpenAI's batch API gives them back, answers in {@code lines=responses} and
 * error rows in {@code lines=errors}. Each line is whole in itself, so lines are copied as text.
 */
final class OpenAiBatchWaves implements WaveFormat {
  private static final String LINE = "value";
  private static final String LINES = "lines";
  private static final String PARSED = "_trlm_parsed";

  private static final StructType KEYS =
      new StructType()
          .add("custom_id", DataTypes.StringType)
          .add(
              "trlm",
              new StructType()
                  .add("row_key", DataTypes.StringType)
                  .add("request_id", DataTypes.StringType)
                  .add("sample_index", DataTypes.IntegerType)
                  .add("status", DataTypes.StringType)
                  .add("finish_reason", DataTypes.StringType));

  @Override
  public void write(Dataset<Row> answers, String directory) {
    if (!List.of(answers.columns()).contains("generated_text")) {
      throw new JobException(
          "--output-format openai-batch holds generated answers only. Give parquet or jsonl.");
    }
    Column whole =
        struct(
            Arrays.stream(answers.columns())
                .map(name -> col("`" + name.replace("`", "``") + "`"))
                .toArray(Column[]::new));
    UserDefinedFunction line = udf((UDF1<Row, String>) OpenAiBatchLine::of, DataTypes.StringType);
    writeLines(
        answers.select(
            line.apply(whole).as(LINE),
            when(col("status").equalTo("ok"), "responses").otherwise("errors").as(LINES)),
        directory);
  }

  private static void writeLines(Dataset<Row> lines, String directory) {
    lines.select(LINE, LINES).write().mode(SaveMode.Append).partitionBy(LINES).text(directory);
    WaveFiles.renameTexts(lines.sparkSession(), directory, "jsonl");
  }

  @Override
  public Dataset<Row> keys(SparkSession spark, List<String> directories) {
    return lines(spark, directories)
        .select(
            col(PARSED + ".custom_id"),
            col(PARSED + ".trlm.row_key"),
            col(PARSED + ".trlm.request_id"),
            col(PARSED + ".trlm.sample_index"),
            col(PARSED + ".trlm.status"),
            col(PARSED + ".trlm.finish_reason"),
            col(WAVE));
  }

  @Override
  public void rewrite(
      SparkSession spark,
      List<String> directories,
      Dataset<Row> dropped,
      int files,
      String directory) {
    Dataset<Row> keyed =
        lines(spark, directories)
            .select(col(LINE), col(LINES), col(PARSED + ".trlm.request_id"), col(WAVE));
    writeLines(WaveFiles.without(keyed, dropped).repartition(files), directory);
  }

  private static Dataset<Row> lines(SparkSession spark, List<String> directories) {
    return WaveFiles.reader(spark)
        .option("recursiveFileLookup", "true")
        .text(directories.toArray(String[]::new))
        .select(
            col(LINE),
            regexp_extract(col("_metadata.file_path"), "/lines(?:=|%3D)([^/]+)/[^/]+$", 1)
                .as(LINES),
            // a line that is cut or damaged must not pass for an answer that is missing
            from_json(col(LINE), KEYS, Map.of("mode", "FAILFAST")).as(PARSED),
            regexp_extract(col("_metadata.file_path"), "/(wave(?:=|%3D)[^/]+)/lines[^/]+/[^/]+$", 1)
                .as(WAVE));
  }
}
