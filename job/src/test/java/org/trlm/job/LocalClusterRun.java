package org.trlm.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** A driver of its own for {@link MultiJvmTest}: a JVM has one Spark application at a time. */
final class LocalClusterRun {
  /**
   * Options of JVMs that end before optimized code would pay: three of them compile the same Spark
   * at the same time. Answers do not depend on it.
   */
  static final List<String> SHORT_LIVED =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto");

  private LocalClusterRun() {}

  /** Short answers: two cold JVMs interpret the kernels for most of the run. */
  static JobConfig config(Path input, Path output) {
    JobConfig config = Jobs.config(input, output);
    return Jobs.with(
        config, JobConfig.SamplingOptions.of(Map.of("temperature", 0.0, "max_tokens", 12)));
  }

  /**
   * @param arguments input file, output directory
   */
  public static void main(String[] arguments) {
    SparkSession session =
        SparkSession.builder()
            .appName("trlm local-cluster")
            .master("local-cluster[2,1,1024]")
            .config("spark.executor.memory", "1024m")
            .config("spark.executor.extraJavaOptions", String.join(" ", SHORT_LIVED))
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
            .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate();
    try {
      JobConfig config = config(Path.of(arguments[0]), Path.of(arguments[1]));
      BatchInference.run(session, Jobs.withPartitions(config, 4), Jobs.tinyModel());
    } finally {
      session.stop();
    }
  }
}
