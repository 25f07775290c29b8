package org.trlm.job.output;

import org.apache.spark.SparkConf;
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

  private static boolean isPresent() {
    try {
      Class.forName(EXTENSION, false, Thread.currentThread().getContextClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
