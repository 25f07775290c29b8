package org.trlm.job.output;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.trlm.job.JobException;

/**
 * Delta Lake, which the jar does not hold: it is there when the job was submitted with its package.
 */
public final class DeltaLake {
  /** The name of Delta's data source. */
  public static final String FORMAT = "delta";

  /** What a job is submitted with to have Delta for Spark 4.2. */
  public static final String PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0";

  private static final String EXTENSION = "io.delta.sql.DeltaSparkSessionExtension";
  private static final String CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog";

  private static final Pattern NOT_IN_NAMES = Pattern.compile("[ ,;{}()\\n\\r\\t=]");

  private DeltaLake() {}

  /**
   * @param what option and place that need it, for the message
   * @throws JobException when the job was submitted without Delta's package
   */
  public static void require(String what) {
    if (!isPresent()) {
      throw new JobException(
          "%s is a Delta table, and Delta Lake is not on the class path. Submit with --packages %s (submit/spark-submit.sh: after --), or put its jars beside Spark's."
              .formatted(what, PACKAGE));
    }
  }

  /** Sets what Delta needs of a session, where it is on the class path and nobody set it. */
  public static void configure(SparkConf conf) {
    if (isPresent()) {
      conf.setIfMissing("spark.sql.extensions", EXTENSION);
      conf.setIfMissing("spark.sql.catalog.spark_catalog", CATALOG);
    }
  }

  /**
   * Delta takes no white space and no punctuation of Parquet's schemas in the names of columns and
   * of their fields.
   *
   * @param where option and place, for the message
   * @throws JobException naming the first column that it would refuse
   */
  static void checkNames(StructType columns, String where) {
    for (StructField column : columns.fields()) {
      refusedName(column.dataType(), column.name())
          .ifPresent(
              name -> {
                throw new JobException(
                    "%s: column %s has a space or one of ,;{}()= in its name, or a tab or a line break, which Delta does not take. Rename it in the input, or write parquet or jsonl."
                        .formatted(where, name));
              });
    }
  }

  private static Optional<String> refusedName(DataType type, String path) {
    if (NOT_IN_NAMES.matcher(path).find()) {
      return Optional.of(path);
    }
    if (type instanceof StructType struct) {
      return Arrays.stream(struct.fields())
          .flatMap(field -> refusedName(field.dataType(), path + "." + field.name()).stream())
          .findFirst();
    }
    if (type instanceof ArrayType array) {
      return refusedName(array.elementType(), path);
    }
    if (type instanceof MapType map) {
      return refusedName(map.keyType(), path).or(() -> refusedName(map.valueType(), path));
    }
    return Optional.empty();
  }

  private static boolean isPresent() {
    try {
      Class.forName(EXTENSION, false, Thread.currentThread().getContextClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
