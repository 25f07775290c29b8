package org.trlm.job.input;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/**
 * Prompts in files of OpenAI's batch API: a request a line, with custom_id and a body of messages
 * and parameters. Its columns are method, url and body, as text.
 */
final class OpenAiBatchInput {
  private static final StructType COLUMNS =
      new StructType()
          .add("method", DataTypes.StringType)
          .add("url", DataTypes.StringType)
          .add("body", DataTypes.StringType);

  private OpenAiBatchInput() {}

  static PromptTable open(SparkSession spark, InputOptions options) {
    try {
      Dataset<Row> lines = JsonLinesInput.lines(spark, options);
      // an object where text is wanted is taken as its JSON
      Column parsed = from_json(col(PromptRowReader.LINE), COLUMNS, Map.of("mode", "PERMISSIVE"));
      List<Column> selected = new ArrayList<>();
      for (String name : COLUMNS.fieldNames()) {
        selected.add(parsed.getField(name).as(name));
      }
      selected.add(col(PromptRowReader.LINE));
      selected.add(col(PromptRowReader.FILE));
      return new PromptTable(
          lines.select(selected.toArray(Column[]::new)),
          COLUMNS,
          OpenAiRequest.COLUMNS,
          PromptRowReader.ofOpenAiRequests());
    } catch (JobException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      throw new JobException(
          "--input %s cannot be read as OpenAI batch lines: %s"
              .formatted(String.join(", ", options.paths()), Causes.chain(e)),
          e);
    }
  }
}
