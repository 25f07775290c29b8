package org.trlm.job.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.Cli;
import org.trlm.job.CommandRun;
import org.trlm.job.Jobs;
import org.trlm.job.RealFiles;
import org.trlm.job.SameAnswers;
import org.trlm.job.SharedSpark;

/**
 * Random kills of executors and drivers on a standalone master with two workers, speculation on;
 * the same command again until it ends by itself. Each kill waits for something that the run has
 * done, never for a time; when a run ends before the last kill, the rest of them meet a run over
 * another output. {@code -Dtrlm.kills=30 -Dtrlm.rows=5000} is the long form, {@code -Dtrlm.seed=N}
 * repeats a choice.
 */
@Tag("kills")
class ManyKillsIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final int ROWS_PER_WAVE = 32;
  private static final int MOST_MINUTES = 10;

  /** The exit value of a process that was killed. */
  private static final int KILLED = 137;

  /**
   * JVMs that are killed soon: without the optimizing compiler scalar kernels are the fast ones.
   */
  private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:MaxVectorSize=8";

  private final int kills = Integer.getInteger("trlm.kills", 6);
  private final int rows = Integer.getInteger("trlm.rows", 1500);
  private final long seed = Long.getLong("trlm.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path scratch;
  private StandaloneCluster cluster;
  private Path input;
  private final List<Path> outputs = new ArrayList<>();
  private Path output;
  private Path log;
  private Process driver;
  private Map<String, Row> committed = Map.of();

  @BeforeEach
  void startCluster() throws IOException {
    System.out.println("ManyKillsIT: -Dtrlm.seed=" + seed);
    cluster = StandaloneCluster.start(RealFiles.sparkHome(), scratch);
    input = scratch.resolve("rows.jsonl");
    log = scratch.resolve("driver.log");
    List<String> prompts = Files.readAllLines(Jobs.PROMPTS);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      lines.add(prompts.get(i % prompts.size()).replaceFirst("\"id\": *\"", "$0" + i + "-"));
    }
    Files.write(input, lines);
  }

  @AfterEach
  void stopCluster() {
    if (driver != null) {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void everyRowIsAnsweredOnceAndAsWithoutKills() throws Exception {
    int drivers = 0;
    int executors = 0;
    startAnew();
    while (drivers + executors < kills) {
      await();
      if (random.nextInt(3) > 0) {
        until("an executor", this::killsAnExecutor);
        executors++;
      } else if (driver.destroyForcibly().waitFor() == KILLED) {
        drivers++;
        startAgain();
      }
    }
    System.out.printf(
        "ManyKillsIT: killed %d executors and %d drivers over %d output(s) of %d rows%n",
        executors, drivers, outputs.size(), rows);
    finish();
    check();
  }

  private boolean killsAnExecutor() {
    List<ProcessHandle> executors = cluster.executors();
    return !executors.isEmpty()
        && executors.get(random.nextInt(executors.size())).destroyForcibly();
  }

  /** Spark gives up on a task whose executors died four times; then the command is given again. */
  private void finish() throws Exception {
    for (int again = 0; ; again++) {
      assertThat(driver.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).as("seed %d: ends", seed).isTrue();
      if (driver.exitValue() == 0) {
        return;
      }
      assertThat(again).as("seed %d%n%s", seed, CommandRun.tail(log)).isLessThan(3);
      startAgain();
    }
  }

  private void check() throws IOException {
    SharedSpark.session();
    Path undisturbed = scratch.resolve("undisturbed");
    Cli run = Cli.run(generate(undisturbed).toArray(String[]::new));
    assertThat(run.exitCode()).as(run.err()).isZero();
    Map<String, Row> expected = rows(undisturbed);
    assertThat(expected).hasSize(rows);
    for (Path each : outputs) {
      Map<String, Row> found = rows(each);
      assertThat(found.keySet()).as("seed %d", seed).isEqualTo(expected.keySet());
      expected.forEach((request, row) -> SameAnswers.check(request, found.get(request), row));
      SameAnswers.checkNothingLeft(each);
      assertThat(each.resolve("_SUCCESS")).exists();
    }
    Map<String, Row> last = rows(output);
    committed.forEach(
        (request, row) ->
            assertThat(last.get(request).<Object>getAs("created_at"))
                .as("seed %d: %s was committed and is not answered again", seed, request)
                .isEqualTo(row.getAs("created_at")));
  }

  /** Waits until the run has done what the next kill is to follow. */
  private void await() {
    int chosen = random.nextInt(4);
    switch (chosen) {
      case 0 -> until("a lease", () -> Files.exists(output.resolve("_trlm/lease.json")));
      case 1 -> until("an open wave", () -> names("_open-").size() > 0);
      default -> {
        int count = names("wave=").size() + chosen - 1;
        // none is left to wait for when the output is complete
        until("waves", () -> names("wave=").size() >= count || isComplete());
      }
    }
  }

  private boolean isComplete() {
    return Files.exists(output.resolve("_SUCCESS"));
  }

  private void until(String what, BooleanSupplier seen) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (!isRunning() || !seen.getAsBoolean()) {
      assertThat(System.nanoTime()).as("seed %d: waited for %s", seed, what).isLessThan(end);
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  /** Whether the driver runs; starts one when it does not. */
  private boolean isRunning() {
    if (driver.isAlive()) {
      return true;
    }
    try {
      if (driver.exitValue() == 0) {
        startAnew();
      } else {
        startAgain();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return false;
  }

  private Set<String> names(String prefix) {
    Set<String> found = new HashSet<>();
    if (Files.exists(output)) {
      try (Stream<Path> names = Files.list(output)) {
        names
            .map(path -> path.getFileName().toString())
            .filter(name -> name.startsWith(prefix))
            .forEach(found::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  /** A run over an output of its own. */
  private void startAnew() throws IOException {
    output = scratch.resolve("out-" + outputs.size());
    outputs.add(output);
    committed = Map.of();
    start();
  }

  /** The same command; what is visible now must not be answered again. */
  private void startAgain() throws IOException {
    if (!names("wave=").isEmpty()) {
      Map<String, Row> now = rows(output);
      assertThat(now.keySet()).as("seed %d: waves stay", seed).containsAll(committed.keySet());
      committed = now;
    }
    start();
  }

  private void start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("submit").resolve("spark-submit.sh").toString());
    command.addAll(generate(output));
    command.addAll(List.of("--master=" + cluster.masterUrl(), "--partitions=2", "--"));
    command.addAll(
        List.of(
            "--executor-memory", "1g",
            "--total-executor-cores", "2",
            "--driver-java-options", SHORT_LIVED));
    for (String setting :
        List.of(
            "spark.executor.extraJavaOptions=" + SHORT_LIVED,
            "spark.ui.enabled=false",
            "spark.sql.codegen.wholeStage=false",
            "spark.sql.codegen.factoryMode=NO_CODEGEN",
            "spark.shuffle.io.retryWait=200ms",
            "spark.speculation=true",
            "spark.speculation.quantile=0.5",
            "spark.speculation.multiplier=1.5")) {
      command.addAll(List.of("--conf", setting));
    }
    ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
    builder.environment().putAll(cluster.environment());
    builder.environment().put("TRLM_DRIVER_MEMORY", "1g");
    driver =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
  }

  private List<String> generate(Path to) {
    return List.of(
        "generate",
        "--model=" + Jobs.TINY_MODEL,
        "--input=" + input,
        "--output=" + to,
        "--allow-scalar",
        "--temperature=0",
        "--max-tokens=6",
        "--max-num-seqs=16",
        "--kv-cache-memory=32m",
        "--rows-per-wave=" + ROWS_PER_WAVE,
        "--include-token-ids");
  }

  /** By request id; each has one row. */
  private static Map<String, Row> rows(Path output) {
    Map<String, Row> rows = new HashMap<>();
    for (Row row : SharedSpark.session().read().parquet(output.toString()).collectAsList()) {
      assertThat(rows.put(row.getAs("request_id"), row)).as("a second row").isNull();
    }
    return rows;
  }
}
