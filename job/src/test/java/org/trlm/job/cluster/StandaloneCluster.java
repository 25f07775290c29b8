package org.trlm.job.cluster;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.trlm.job.CommandRun;

/**
 * A Spark standalone master and two workers of one core each, on loopback, as processes of a Spark
 * distribution. The workers go by two names of this machine, so that a row tells which one answered
 * it. One test thread opens, uses and closes it.
 */
final class StandaloneCluster implements AutoCloseable {
  /** The workers' host names. */
  static final List<String> HOSTS = List.of("127.0.0.1", "localhost");

  private static final Duration START_LIMIT = Duration.ofMinutes(10);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
  private static final Pattern MASTER_URL =
      Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Pattern REGISTERED =
      Pattern.compile("Successfully registered with master (\\S+)");

  private final Path sparkHome;
  private final Path scratch;
  private final List<Process> processes = new ArrayList<>();
  private final Thread atExit = new Thread(this::killAll);
  private String masterUrl;

  private StandaloneCluster(Path sparkHome, Path scratch) {
    this.sparkHome = sparkHome;
    this.scratch = scratch;
  }

  /**
   * Starts the processes; returns once both workers have registered.
   *
   * @param scratch directory for logs and the workers' directories
   */
  static StandaloneCluster start(Path sparkHome, Path scratch) throws IOException {
    StandaloneCluster cluster = new StandaloneCluster(sparkHome, scratch);
    Runtime.getRuntime().addShutdownHook(cluster.atExit);
    try {
      cluster.startAll();
      return cluster;
    } catch (IOException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  private void startAll() throws IOException {
    Path log = scratch.resolve("master.log");
    Process master =
        spark(
            log,
            "org.apache.spark.deploy.master.Master",
            "--host",
            HOSTS.get(0),
            "--port",
            "0",
            "--webui-port",
            "0");
    masterUrl = await(master, log, MASTER_URL);
    List<Process> workers = new ArrayList<>();
    for (String host : HOSTS) {
      workers.add(
          spark(
              workerLog(host),
              "org.apache.spark.deploy.worker.Worker",
              "--host",
              host,
              "--webui-port",
              "0",
              "--cores",
              "1",
              "--memory",
              "2g",
              "--work-dir",
              workDirectory(host).toString(),
              masterUrl));
    }
    for (int i = 0; i < workers.size(); i++) {
      await(workers.get(i), workerLog(HOSTS.get(i)), REGISTERED);
    }
  }

  /** {@code spark://host:port}. */
  String masterUrl() {
    return masterUrl;
  }

  /** What spark-submit and the cluster's own processes find in their environment. */
  Map<String, String> environment() {
    return Map.of(
        "SPARK_HOME", sparkHome.toString(),
        "SPARK_LOCAL_IP", HOSTS.get(0),
        "SPARK_SCALA_VERSION", "2.13",
        "SPARK_LOCAL_DIRS", scratch.resolve("local").toString(),
        "JAVA_HOME", System.getProperty("java.home"));
  }

  /** The executors of all applications: what the workers have started. */
  List<ProcessHandle> executors() {
    return processes.stream().flatMap(Process::descendants).filter(ProcessHandle::isAlive).toList();
  }

  /** The jars that executors of all applications were given, by file name. */
  Set<String> jarsGiven() throws IOException {
    Set<String> names = new LinkedHashSet<>();
    for (String host : HOSTS) {
      try (Stream<Path> files = Files.walk(workDirectory(host))) {
        files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".jar"))
            .forEach(names::add);
      }
    }
    return names;
  }

  private Path workDirectory(String host) {
    return scratch.resolve("work-" + host);
  }

  private Path workerLog(String host) {
    return scratch.resolve("worker-" + host + ".log");
  }

  private Process spark(Path log, String mainClass, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.add("-Dspark.master.rest.enabled=false");
    command.add("-cp");
    command.add(sparkHome.resolve("jars") + "/*");
    command.add(mainClass);
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
    builder.environment().putAll(environment());
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** Waits for a line of a log; returns the pattern's first group. */
  private static String await(Process process, Path log, Pattern line) throws IOException {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (System.nanoTime() < deadline) {
      boolean alive = process.isAlive();
      Matcher matcher = line.matcher(Files.readString(log));
      if (matcher.find()) {
        return matcher.group(1);
      }
      if (!alive) {
        break;
      }
      try {
        process.waitFor(100, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    return fail(
        "no line '%s' in %s within %s (process %s):%n%s",
        line,
        log,
        START_LIMIT,
        process.isAlive() ? "is running" : "ended with " + process.exitValue(),
        CommandRun.tail(log));
  }

  /** Stops workers, their executors and the master; fails if one of them survives. */
  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    List<ProcessHandle> survivors = killAll().stream().filter(ProcessHandle::isAlive).toList();
    if (!survivors.isEmpty()) {
      fail("processes of the cluster survive: %s", survivors);
    }
  }

  /** Asks first, so that workers stop their executors, then kills; returns all processes. */
  private List<ProcessHandle> killAll() {
    List<ProcessHandle> all = new ArrayList<>();
    for (Process process : processes) {
      process.descendants().forEach(all::add);
      all.add(process.toHandle());
    }
    all.forEach(ProcessHandle::destroy);
    awaitEnd(all);
    all.forEach(ProcessHandle::destroyForcibly);
    awaitEnd(all);
    return all;
  }

  private static void awaitEnd(List<ProcessHandle> all) {
    CompletableFuture<?>[] ends =
        all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(ends)
        .completeOnTimeout(null, STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)
        .join();
  }
}
