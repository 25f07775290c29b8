package org.trlm.job.input;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.trlm.job.JobConfig.InputOptions;

/**
 * Finds the column that Spark does not read because of its type, such as TIME: Spark's own message
 * names no column. Only the footers of files are read, on the driver, once Spark has failed.
 */
final class ParquetTypes {
  /** Spark's names for what it says of such a column. */
  private static final Set<String> CONDITIONS =
      Set.of(
          "UNSUPPORTED_TIME_TYPE",
          "PARQUET_TYPE_ILLEGAL",
          "PARQUET_TYPE_NOT_SUPPORTED",
          "PARQUET_TYPE_NOT_RECOGNIZED");

  private final ParquetToSparkSchemaConverter converter;

  private ParquetTypes(ParquetToSparkSchemaConverter converter) {
    this.converter = converter;
  }

  /**
   * What is wrong with the first such column.
   *
   * @param failure what Spark said of the input
   * @return empty when it failed for another reason, or no column is found
   */
  static Optional<String> refused(SparkSession spark, InputOptions options, Throwable failure) {
    if (!isOfTypes(failure)) {
      return Optional.empty();
    }
    ParquetTypes types =
        new ParquetTypes(new ParquetToSparkSchemaConverter(spark.sessionState().conf()));
    String[] files =
        spark
            .read()
            .option("recursiveFileLookup", "true")
            .text(options.paths().toArray(String[]::new))
            .inputFiles();
    for (String file : files) {
      Optional<String> problem =
          types.refused(new Path(URI.create(file)), spark.sessionState().newHadoopConf());
      if (problem.isPresent()) {
        return problem.map(("--input %s: ".formatted(file))::concat);
      }
    }
    return Optional.empty();
  }

  private static boolean isOfTypes(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkThrowable said
          && said.getCondition() != null
          && CONDITIONS.contains(said.getCondition())) {
        return true;
      }
    }
    return false;
  }

  private Optional<String> refused(Path file, Configuration hadoop) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      return refused("", reader.getFooter().getFileMetaData().getSchema());
    } catch (IOException | RuntimeException e) {
      // Spark's own message stands then
      return Optional.empty();
    }
  }

  private Optional<String> refused(String parent, GroupType group) {
    for (Type column : group.getFields()) {
      String name = parent + column.getName();
      if (!column.isPrimitive()) {
        Optional<String> inside = refused(name + ".", column.asGroupType());
        if (inside.isPresent()) {
          return inside;
        }
      } else if (!isRead(column)) {
        Object type =
            column.getLogicalTypeAnnotation() == null
                ? column.asPrimitiveType().getPrimitiveTypeName()
                : column.getLogicalTypeAnnotation();
        return Optional.of(
            "column %s is of Parquet's type %s, which Spark does not read. Write it as another type, such as a string or a timestamp (in SQL: CAST(%s AS VARCHAR)), or leave it out of the file."
                .formatted(name, type, column.getName()));
      }
    }
    return Optional.empty();
  }

  private boolean isRead(Type column) {
    if (column.getLogicalTypeAnnotation() instanceof TimeLogicalTypeAnnotation) {
      // is taken for a type that Spark then refuses, unless a setting allows it
      return false;
    }
    try {
      converter.convert(new MessageType("column", column));
      return true;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) { // AnalysisException is checked, but not declared by a Scala method
      return false;
    }
  }
}
