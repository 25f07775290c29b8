package org.trlm.job;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.SamplingOptions;

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

  /**
   * Without the optimizing compiler vectors are objects, and scalar kernels are the fast ones; a
   * JVM that has no vectors needs {@code --allow-scalar}.
   */
  static final String NO_VECTORS = "-XX:MaxVectorSize=8";

  private static final String LOGGING =
      "-Dlog4j2.configurationFile=" + System.getProperty("log4j2.configurationFile");

  /** The system property of a driver with more options for its executors' JVMs. */
  private static final String EXECUTOR_OPTIONS = "trlm.executor.options";

  /** The system property of a driver that gives up on a task after so many failures. */
  static final String TASK_FAILURES = "trlm.task.failures";

  private LocalClusterRun() {}

  /** A greedy run with short answers. */
  static JobConfig config(Path input, Path output, int maxTokens) {
    JobConfig config = Jobs.config(input, output);
    return config.with(SamplingOptions.of(Map.of("temperature", 0.0, "max_tokens", maxTokens)));
  }

  /**
   * What {@link #main} is asked for.
   *
   * @param samples of a row
   * @param rowsPerWave input rows of a wave
   */
  record Task(int samples, int maxTokens, int rowsPerWave) {
    /**
     * @param output path or URI
     */
    JobConfig config(Path input, String output) {
      JobConfig config = Jobs.config(input, Path.of(""));
      OutputOptions to = new OutputOptions(output, JobConfig.Format.PARQUET, true, true);
      EngineOptions given = config.engine();
      EngineOptions scalar =
          new EngineOptions(
              given.dtype(),
              given.compute(),
              given.maxModelLen(),
              given.maxNumSeqs(),
              given.maxNumBatchedTokens(),
              given.kvCacheMemory(),
              given.kvCacheDtype(),
              given.enablePrefixCaching(),
              true);
      SamplingOptions sampling =
          SamplingOptions.of(Map.of("temperature", 0.8, "n", samples, "max_tokens", maxTokens));
      JobConfig asked = config.with(to).with(scalar).with(sampling);
      return Jobs.withPartitions(Jobs.withRowsPerWave(asked, rowsPerWave), 4);
    }
  }

  /** More options of the JVMs of {@link #main} and of its executors. */
  record JvmOptions(List<String> driver, List<String> executor) {
    static final JvmOptions NONE = new JvmOptions(List.of(), List.of());
  }

  /**
   * Starts {@link #main}.
   *
   * @param output path or URI
   * @param scratch where its log and its Spark home go
   */
  static Process start(Path input, String output, Task task, Path scratch, JvmOptions options)
      throws IOException {
    List<String> jvm = new ArrayList<>(List.of(NO_VECTORS, LOGGING));
    jvm.addAll(options.driver);
    List<String> executor = new ArrayList<>(List.of(NO_VECTORS, LOGGING));
    executor.addAll(options.executor);
    jvm.add("-D%s=%s".formatted(EXECUTOR_OPTIONS, String.join(" ", executor)));
    return start(
        jvm,
        LocalClusterRun.class,
        List.of(
            input.toString(),
            output,
            Integer.toString(task.samples),
            Integer.toString(task.maxTokens),
            Integer.toString(task.rowsPerWave)),
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
    return start(List.of(), main, arguments, classPath, scratch);
  }

  /** The same with more options of the driver's JVM. */
  static Process start(
      List<String> jvm, Class<?> main, List<String> arguments, String classPath, Path scratch)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(SHORT_LIVED);
    command.addAll(jvm);
    command.add(main.getName());
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log(scratch).toFile()));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("SPARK_"));
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
        .config(
            "spark.executor.extraJavaOptions",
            String.join(" ", SHORT_LIVED) + " " + System.getProperty(EXECUTOR_OPTIONS, ""))
        .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
        .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s")
        // whoever reads from a killed executor learns soon that it is gone
        .config("spark.shuffle.io.retryWait", "200ms")
        // executors are lost more often here than Spark expects of one stage
        .config("spark.stage.maxConsecutiveAttempts", System.getProperty(TASK_FAILURES, "20"))
        .config("spark.task.maxFailures", System.getProperty(TASK_FAILURES, "20"))
        // compiling an expression costs a cold JVM more than a few rows save
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate();
  }

  /**
   * @param arguments input file, output, and the numbers of a {@link Task}
   */
  public static void main(String[] arguments) {
    Task task =
        new Task(
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]),
            Integer.parseInt(arguments[4]));
    SparkSession session = session();
    try {
      BatchInference.run(
          session, task.config(Path.of(arguments[0]), arguments[1]), Jobs.tinyModel());
    } finally {
      session.stop();
    }
  }
}
