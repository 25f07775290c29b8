package org.trlm.job.input;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetInputFormat;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/**
 * Prompts in Parquet files. Directories named {@code column=value} are columns, also where a path
 * names one of them, or a file in it, and not the table above.
 */
final class ParquetInput {
  private ParquetInput() {}

  /**
   * Paths that Spark reads as one table.
   *
   * @param basePath where partition columns begin; null where the paths have none above them
   */
  private record Part(String basePath, List<String> paths) {}

  static PromptTable open(SparkSession spark, InputOptions options) {
    String where = String.join(", ", options.paths());
    Dataset<Row> rows = null;
    try {
      for (Part part : parts(options.paths(), spark.sessionState().newHadoopConf())) {
        Dataset<Row> next = read(spark, part);
        rows = rows == null ? next : union(rows, next, part);
      }
      ParquetPages.check(spark, rows.inputFiles());
    } catch (JobException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      if (PromptTable.isOfNoFiles(e)) {
        return PromptTable.empty(spark, options);
      }
      String refused = ParquetTypes.refused(spark, options, e).orElse(null);
      if (refused != null) {
        throw new JobException(refused, e);
      }
      throw new JobException(
          "--input %s cannot be read as Parquet: %s. Check that each file is a whole Parquet file and that their columns agree."
              .formatted(where, Causes.chain(e)),
          e);
    }
    return PromptTable.ofColumns(rows, options, "--input " + where);
  }

  private static Dataset<Row> read(SparkSession spark, Part part) {
    DataFrameReader reader =
        spark
            .read()
            // reads every footer: columns that differ between files and broken files show now
            .option("mergeSchema", "true")
            // these two would drop rows without a word
            .option("ignoreCorruptFiles", "false")
            .option("ignoreMissingFiles", "false")
            // and a changed byte would change a prompt; pages carry checksums where their writer
            // made them
            .option(ParquetInputFormat.PAGE_VERIFY_CHECKSUM_ENABLED, "true");
    if (part.basePath != null) {
      reader = reader.option("basePath", part.basePath);
    }
    return reader.parquet(part.paths.toArray(String[]::new));
  }

  /** Spark finds partition columns below one root at a time. */
  private static List<Part> parts(List<String> inputs, Configuration hadoop) throws IOException {
    Map<String, Part> parts = new LinkedHashMap<>();
    for (String input : inputs) {
      Path path = new Path(input);
      for (FileStatus match : path.getFileSystem(hadoop).globStatus(path)) {
        Path directory = match.isFile() ? match.getPath().getParent() : match.getPath();
        Path base = aboveColumns(directory);
        String basePath = base.equals(directory) ? null : base.toString();
        // plain files share one reading; a directory may have partition columns below it
        String root = match.isFile() ? "files" : "directories of " + input;
        parts
            .computeIfAbsent(
                basePath == null ? root : basePath, key -> new Part(basePath, new ArrayList<>()))
            .paths
            .add(escaped(match.getPath().toString()));
      }
    }
    return List.copyOf(parts.values());
  }

  private static Path aboveColumns(Path directory) {
    Path base = directory;
    while (base.getParent() != null && base.getName().contains("=")) {
      base = base.getParent();
    }
    return base;
  }

  /** A path as Spark's reader wants it: it takes every path for a glob. */
  private static String escaped(String path) {
    return path.replaceAll("([\\[\\]{}*?\\\\])", "\\\\$1");
  }

  private static Dataset<Row> union(Dataset<Row> rows, Dataset<Row> next, Part part) {
    StructType known = rows.schema();
    for (StructField field : next.schema().fields()) {
      if (List.of(known.fieldNames()).contains(field.name())) {
        String before = known.apply(field.name()).dataType().catalogString();
        String now = field.dataType().catalogString();
        if (!before.equals(now)) {
          throw new JobException(
              "--input %s: column %s is %s, in another input it is %s. Cast one of them, or give them to runs of their own."
                  .formatted(String.join(", ", part.paths), field.name(), now, before));
        }
      }
    }
    return rows.unionByName(next, true);
  }
}
