package org.trlm.job.input;

import static org.apache.spark.sql.functions.col;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/**
 * Prompts in CSV files as RFC 4180 has them: a header line, fields in double quotes where they hold
 * commas, quotes (doubled) or line breaks. Every column is text; a row with more or fewer fields
 * than the header is an error row.
 */
final class CsvInput {
  /** Longest field: a quote that is never closed must not take the rest of a file into memory. */
  private static final int MOST_CHARACTERS = 16 << 20;

  private static final Map<String, String> OPTIONS =
      Map.of(
          "header", "true",
          // a doubled quote is a quote, a backslash is a backslash
          "escape", "\"",
          "multiLine", "true",
          "mode", "PERMISSIVE",
          // files whose headers differ must not be read by position
          "enforceSchema", "false",
          "columnPruning", "false",
          "columnNameOfCorruptRecord", PromptRowReader.LINE,
          "maxCharsPerColumn", Integer.toString(MOST_CHARACTERS),
          "ignoreCorruptFiles", "false",
          "ignoreMissingFiles", "false");

  private CsvInput() {}

  static PromptTable open(SparkSession spark, InputOptions options) {
    String where = "--input " + String.join(", ", options.paths());
    try {
      String[] paths = options.paths().toArray(String[]::new);
      StructType header = reader(spark).csv(paths).schema();
      if (header.isEmpty()) {
        return PromptTable.empty(spark, options);
      }
      PromptColumns meaning = PromptColumns.findNames(options, header, where);
      StructType columns = header.add(PromptRowReader.LINE, DataTypes.StringType);
      Dataset<Row> rows = reader(spark).schema(columns).csv(paths);
      if (hasGivenNames(header)) {
        // Spark would compare the names that it has given with those of the files, and refuse them
        checkSameHeaders(reader(spark).schema(columns), rows.inputFiles(), where);
        rows = reader(spark).schema(columns).option("enforceSchema", "true").csv(paths);
      }
      return new PromptTable(
          withFile(rows, header), header, meaning, PromptRowReader.ofText(meaning));
    } catch (JobException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      if (PromptTable.isOfNoFiles(e)) {
        return PromptTable.empty(spark, options);
      }
      throw new JobException("%s cannot be read as CSV: %s".formatted(where, Causes.chain(e)), e);
    }
  }

  private static DataFrameReader reader(SparkSession spark) {
    return spark.read().options(OPTIONS);
  }

  /**
   * Whether a column may have its name from Spark: {@code _c0} where the header has none (as pandas
   * writes its index), the name and a number where several columns share it.
   */
  private static boolean hasGivenNames(StructType header) {
    String[] names = header.fieldNames();
    Set<String> shared = new HashSet<>();
    for (int i = 0; i < names.length; i++) {
      String number = Integer.toString(i);
      String name = names[i].toLowerCase(Locale.ROOT);
      if (name.equals("_c" + number)
          || (name.endsWith(number)
              && !shared.add(name.substring(0, name.length() - number.length())))) {
        return true;
      }
    }
    return false;
  }

  /**
   * @throws JobException when the files have different headers: they are about to be read by
   *     position
   */
  private static void checkSameHeaders(DataFrameReader reader, String[] files, String where) {
    Row first = null;
    for (String file : files) {
      Dataset<Row> rows =
          reader
              .option("header", "false")
              .option("__globPaths__", "false")
              .csv(new Path(URI.create(file)).toString());
      List<Row> header = rows.takeAsList(1);
      if (first != null && !header.isEmpty() && !header.get(0).equals(first)) {
        throw new JobException(
            "%s: %s has another header than %s, whose columns do not all have a name of their own. Give files with the same columns in the same order, or give them to runs of their own."
                .formatted(where, file, files[0]));
      }
      first = first != null || header.isEmpty() ? first : header.get(0);
    }
  }

  private static Dataset<Row> withFile(Dataset<Row> rows, StructType header) {
    List<Column> selected = new ArrayList<>();
    for (String name : header.fieldNames()) {
      selected.add(col("`" + name.replace("`", "``") + "`"));
    }
    selected.add(col(PromptRowReader.LINE));
    // a column of the file may have the name that Spark gives to this
    selected.add(rows.metadataColumn("_metadata").getField("file_path").as(PromptRowReader.FILE));
    return rows.select(selected.toArray(Column[]::new));
  }
}
