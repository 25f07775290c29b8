package org.trlm.job.input;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.regexp_replace;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/**
 * Prompts in JSON Lines files, read as lines of text, so that one bad line is one error row. The
 * columns that pass through get the schema that Spark infers from all lines that are objects.
 */
final class JsonLinesInput {
  private static final String CORRUPT = "_trlm_corrupt_record";

  /** Spark's own name for what it cannot parse may be a field of the lines. */
  private static final Map<String, String> PERMISSIVE =
      Map.of("mode", "PERMISSIVE", "columnNameOfCorruptRecord", CORRUPT);

  private JsonLinesInput() {}

  static PromptTable open(SparkSession spark, InputOptions options) {
    String where = String.join(", ", options.paths());
    try {
      Dataset<Row> lines = lines(spark, options);
      StructType found = inferSchema(spark, lines);
      StructType columns = distinctNames(found);
      PromptColumns meaning = meaning(options, found, "--input " + where);
      return new PromptTable(
          withColumns(lines, found, columns), columns, meaning, PromptRowReader.ofLines(meaning));
    } catch (JobException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      throw new JobException(
          "--input %s cannot be read as JSON Lines: %s".formatted(where, Causes.chain(e)), e);
    }
  }

  /**
   * The lines that hold anything, with the file of each.
   *
   * @throws JobException for a file whose values are not a line each
   */
  static Dataset<Row> lines(SparkSession spark, InputOptions options) {
    Dataset<Row> text =
        spark
            .read()
            .option("ignoreCorruptFiles", "false")
            .option("ignoreMissingFiles", "false")
            .format(BoundedTextFormat.class.getName())
            .load(options.paths().toArray(String[]::new));
    JsonDocuments.refuse(spark, text.inputFiles());
    return text.select(
            // a byte order mark is no part of the first line
            regexp_replace(col("value"), "^\uFEFF", "").as(PromptRowReader.LINE),
            col("_metadata.file_path").as(PromptRowReader.FILE))
        .filter(col(PromptRowReader.LINE).rlike("\\S"));
  }

  /** Lines are typed one by one, so only names are checked, and only when there is any object. */
  private static PromptColumns meaning(InputOptions options, StructType found, String where) {
    if (found.isEmpty()) {
      return PromptColumns.named(options);
    }
    List<String> names = List.of(found.fieldNames());
    boolean prompts =
        names.contains(options.promptColumn())
            || names.contains(PromptColumns.messagesName(options));
    if (!prompts && names.contains("custom_id") && names.contains("body")) {
      throw new JobException(
          "%s: its lines have custom_id and body, as files of OpenAI's batch API do. Give --input-format openai-batch."
              .formatted(where));
    }
    return PromptColumns.findNames(options, found, where);
  }

  private static StructType inferSchema(SparkSession spark, Dataset<Row> lines) {
    // names that differ only by case are legal in JSON
    SparkSession exactNames = spark.newSession();
    exactNames.conf().set("spark.sql.caseSensitive", "true");
    Dataset<String> objects =
        lines
            .select(PromptRowReader.LINE)
            .as(Encoders.STRING())
            .filter((FilterFunction<String>) JsonLinesInput::isObject);
    StructType found = exactNames.read().options(PERMISSIVE).json(objects).schema();
    return new StructType(
        Arrays.stream(found.fields())
            .filter(field -> !field.name().equals(CORRUPT))
            .toArray(StructField[]::new));
  }

  private static boolean isObject(String line) {
    try {
      return JsonValues.parseLine(line) instanceof Map;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private static Dataset<Row> withColumns(
      Dataset<Row> lines, StructType found, StructType columns) {
    List<Column> selected = new ArrayList<>();
    if (!found.isEmpty()) {
      // a struct is cast to a struct by position: this renames, and changes nothing else
      Column parsed = from_json(col(PromptRowReader.LINE), found, PERMISSIVE);
      Column renamed = found.equals(columns) ? parsed : parsed.cast(columns);
      for (StructField field : columns.fields()) {
        selected.add(renamed.getField(field.name()).as(field.name()));
      }
    }
    selected.add(col(PromptRowReader.LINE));
    selected.add(col(PromptRowReader.FILE));
    return lines.select(selected.toArray(Column[]::new));
  }

  /** Names that differ only by case get a number: Parquet readers commonly ignore case. */
  static StructType distinctNames(StructType struct) {
    Set<String> taken = new HashSet<>();
    StructField[] fields = struct.fields().clone();
    for (int i = 0; i < fields.length; i++) {
      String name = fields[i].name();
      for (int number = 2; !taken.add(name.toLowerCase(Locale.ROOT)); number++) {
        name = fields[i].name() + "_" + number;
      }
      fields[i] =
          new StructField(name, distinctNames(fields[i].dataType()), true, fields[i].metadata());
    }
    return new StructType(fields);
  }

  private static DataType distinctNames(DataType type) {
    if (type instanceof StructType struct) {
      return distinctNames(struct);
    }
    return type instanceof ArrayType array
        ? new ArrayType(distinctNames(array.elementType()), true)
        : type;
  }
}
