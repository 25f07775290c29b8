package org.trlm.job;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.OutputOptions;

/**
 * Prints the first rows of a finished output, each with its question, thought, answer and times.
 */
final class ShownRows {
  private static final int WIDEST = 100;

  private ShownRows() {}

  /**
   * @param input whose columns hold the questions
   */
  static void print(
      SparkSession session, InputOptions input, OutputOptions output, int rows, PrintWriter out) {
    // a directory may be called out[1]
    DataFrameReader reader = session.read().option("__globPaths__", "false");
    Dataset<Row> table =
        output.format() == Format.PARQUET
            ? reader.parquet(output.path())
            : reader.json(output.path());
    List<Row> shown = table.orderBy("custom_id").limit(rows).collectAsList();
    for (Row row : shown) {
      out.println();
      out.println("-- " + row.getAs("custom_id") + " --");
      line(out, "question", question(row, input));
      if (row.getAs("error") instanceof Row error) {
        line(out, "error", error.getAs("code") + ": " + error.getAs("message"));
        continue;
      }
      line(out, "thought", row.getAs("reasoning"));
      line(out, "answer", row.getAs("content"));
      line(out, "finished", row.getAs("finish_reason") + ", thought " + row.getAs("think_state"));
      line(out, "tokens", tokens(row.getAs("usage")));
      line(out, "times", times(row.getAs("metrics")));
    }
    out.println();
    out.flush();
  }

  /** What was asked: the conversation, else the prompt, under the name that the output gives it. */
  private static Object question(Row row, InputOptions input) {
    List<String> columns = List.of(row.schema().fieldNames());
    String messages = input.messagesColumn();
    for (String column :
        messages == null
            ? List.of(input.promptColumn(), "messages")
            : List.of(messages, input.promptColumn())) {
      for (String written : List.of("input_" + column, column)) {
        if (columns.contains(written) && row.getAs(written) != null) {
          return row.getAs(written);
        }
      }
    }
    return null;
  }

  private static String tokens(Row usage) {
    return String.format(
        Locale.ROOT,
        "%s prompt, %s generated (%s of them thought)",
        usage.<Object>getAs("prompt_tokens"),
        usage.<Object>getAs("completion_tokens"),
        usage.<Object>getAs("reasoning_tokens"));
  }

  private static String times(Row metrics) {
    return String.format(
        Locale.ROOT,
        "first token after %.0f ms, all after %.0f ms, %.1f tokens/s",
        milliseconds(metrics, "first_token_ms"),
        milliseconds(metrics, "e2e_ms"),
        milliseconds(metrics, "tokens_per_second"));
  }

  private static double milliseconds(Row metrics, String name) {
    return metrics.<Object>getAs(name) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  private static void line(PrintWriter out, String name, Object value) {
    String text = value == null ? "(none)" : String.valueOf(value).strip().replace("\n", "\n  | ");
    if (text.indexOf('\n') >= 0 || text.length() > WIDEST) {
      out.println(name + ":\n  | " + text);
    } else {
      out.printf("%-9s %s%n", name + ":", text);
    }
  }
}
