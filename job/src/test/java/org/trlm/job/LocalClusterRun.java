package org.trlm.job;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/**
 * A driver of its own for tests with several executor JVMs: a JVM has one Spark application at a
 * time.
 */
final class LocalClusterRun {
  /**
   * Options of JVMs that end before optimized code would pay: three of them compile the same Spark
   * at the same time. Answers do not depend on it.
   */
  static final List<String> SHORT_LIVED =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto");

  /** Tokens of an answer, unless a test wants fewer. */
  static final int MAX_TOKENS = 12;

  private LocalClusterRun() {}

  /** Short answers: two cold JVMs interpret the kernels for most of the run. */
  static JobConfig config(Path input, Path output) {
    return config(input, output, MAX_TOKENS);
  }

  static JobConfig config(Path input, Path output, int maxTokens) {
    JobConfig config = Jobs.config(input, output);
    return Jobs.with(
        config, JobConfig.SamplingOptions.of(Map.of("temperature", 0.0, "max_tokens", maxTokens)));
  }

  /**
   * Starts a driver.
   *
   * @param maxTokens of an answer
   * @param rowsPerWave input rows of a wave
   * @param scratch where its log and its Spark home go
   */
  static Process start(Path input, Path output, int maxTokens, int rowsPerWave, Path scratch)
      throws IOException {
    return start(
        LocalClusterRun.class,
        List.of(
            input.toString(),
            output.toString(),
            Integer.toString(maxTokens),
            Integer.toString(rowsPerWave)),
        System.getProperty("java.class.path"),
        scratch);
  }

  /**
   * Starts a driver whose main class makes its {@link #session}.
   *
   * @param classPath of driver and executors
   * @param scratch where its log and its Spark home go
   */
  static Process start(Class<?> main, List<String> arguments, String classPath, Path scratch)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(SHORT_LIVED);
    command.add(main.getName());
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log(scratch).toFile()));
    Map<String, String> environment = builder.environment();
    environment.put("CLASSPATH", classPath);
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("SPARK_SCALA_VERSION", "2.13");
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    environment.put("SPARK_WORKER_DIR", scratch.resolve("work").toString());
    // executors take their classes from this class path; the launcher only wants the directory
    Files.createDirectories(scratch.resolve("spark-home").resolve("jars"));
    environment.put("SPARK_HOME", scratch.resolve("spark-home").toString());
    return builder.start();
  }

  /** What the drivers of a test have printed. */
  static Path log(Path scratch) {
    return scratch.resolve("cluster.log");
  }

  /** The session of such a driver: two executors of one core, with the driver's class path. */
  static SparkSession session() {
    return SparkSession.builder()
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
  }

  /**
   * @param arguments input file, output directory, tokens of an answer, rows of a wave
   */
  public static void main(String[] arguments) {
    SparkSession session = session();
    try {
      JobConfig config =
          config(Path.of(arguments[0]), Path.of(arguments[1]), Integer.parseInt(arguments[2]));
      JobConfig waves = Jobs.withRowsPerWave(config, Long.parseLong(arguments[3]));
      BatchInference.run(session, Jobs.withPartitions(waves, 4), Jobs.tinyModel());
    } finally {
      session.stop();
    }
  }
}
