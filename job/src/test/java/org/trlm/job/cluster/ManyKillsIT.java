package org.trlm.job.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 * another output. {@code -Dtrlm.kills} and {@code -Dtrlm.rows} set other numbers, {@code
 * -Dtrlm.seed=N} repeats a choice.
 */
@Tag("real-model")
class ManyKillsIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final int ROWS_PER_WAVE = 200;
  private static final int WAVES_IN_FLIGHT = 2;
  private static final int MOST_MINUTES = 10;

  /** One kill of so many hits the driver, the others an executor. */
  private static final int KILLS_PER_DRIVER = 4;

  private static final Pattern LEASE =
      Pattern.compile("(?s)\"run_id\" : \"([^\"]+)\".*\"pid\" : ([0-9]+)");

  private static final Pattern FOUND = Pattern.compile("rows, ([0-9,]+) done before, ");

  /** The exit value of a process that was killed. */
  private static final int KILLED = 137;

  /**
   * JVMs that are killed soon: without the optimizing compiler scalar kernels are the fast ones.
   */
  private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:MaxVectorSize=8";

  private final int kills = Integer.getInteger("trlm.kills", 30);
  private final int rows = Integer.getInteger("trlm.rows", 5000);
  private final long seed = Long.getLong("trlm.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path scratch;
  private StandaloneCluster cluster;
  private Path input;
  private final List<Path> outputs = new ArrayList<>();
  private final List<Start> starts = new ArrayList<>();
  private Path output;
  private Process driver;

  /** The rows of the output that were visible at a start, as they were first seen. */
  private final Map<String, Row> committed = new HashMap<>();

  /** A driver's log, and how many rows were visible when it was started. */
  private record Start(Path log, int committed) {}

  @BeforeEach
  void startCluster() throws IOException {
    System.out.println("ManyKillsIT: -Dtrlm.seed=" + seed);
    cluster = StandaloneCluster.start(RealFiles.sparkHome(), scratch);
    input = scratch.resolve("rows.jsonl");
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
    startAnew();
    for (boolean ofDriver : kills()) {
      await();
      if (ofDriver) {
        killTheDriver();
      } else {
        until("an executor", this::killsAnExecutor);
      }
    }
    System.out.printf(
        "ManyKillsIT: %d kills, %d drivers started, %d output(s) of %d rows%n",
        kills, starts.size(), outputs.size(), rows);
    finish();
    check();
  }

  /** Whether each kill hits a driver, in random order. */
  private List<Boolean> kills() {
    List<Boolean> ofDrivers = new ArrayList<>();
    for (int kill = 0; kill < kills; kill++) {
      ofDrivers.add(kill % KILLS_PER_DRIVER == 0);
    }
    Collections.shuffle(ofDrivers, random);
    return ofDrivers;
  }

  private void killTheDriver() throws Exception {
    // it may have ended by itself a moment ago; then the kill meets the one after it
    while (driver.destroyForcibly().waitFor() != KILLED) {
      until("a driver", () -> true);
    }
    assertThat(run().map(this::inFlight).orElse(Set.of()))
        .as("seed %d: waves to be done again", seed)
        .hasSizeLessThanOrEqualTo(WAVES_IN_FLIGHT);
    startAgain();
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
      assertThat(again)
          .as("seed %d%n%s", seed, CommandRun.tail(starts.get(starts.size() - 1).log))
          .isLessThan(3);
      startAgain();
    }
  }

  private void check() throws IOException {
    SharedSpark.session();
    Path undisturbed = scratch.resolve("undisturbed");
    // in one wave: answers do not depend on it
    Cli run = Cli.run(generate(undisturbed, rows).toArray(String[]::new));
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
    for (Start start : starts) {
      checkWhatWasFound(start);
    }
  }

  /** A driver that lived long enough has said what it does not answer again. */
  private void checkWhatWasFound(Start start) throws IOException {
    Matcher found = FOUND.matcher(Files.readString(start.log));
    if (found.find()) {
      assertThat(found.group(1).replace(",", ""))
          .as("seed %d: rows done before, in %s", seed, start.log)
          .isEqualTo(Integer.toString(start.committed));
    }
  }

  /** Waits until the run has done what the next kill is to follow. */
  private void await() {
    switch (random.nextInt(4)) {
      case 0 -> until("a lease", () -> run().isPresent());
      case 1 -> until("an open wave", () -> run().filter(this::hasOpenWave).isPresent());
      default -> {
        int count = names("wave=").size() + 1;
        // none is left to wait for when the output is complete
        until("a wave", () -> names("wave=").size() >= count || isComplete());
      }
    }
  }

  /** The run of the driver that lives, once it has the lease. */
  private Optional<String> run() {
    try {
      String lease = Files.readString(output.resolve("_trlm/lease.json"));
      return Optional.of(LEASE.matcher(lease))
          .filter(Matcher::find)
          .filter(found -> found.group(2).equals(Long.toString(driver.pid())))
          .map(found -> found.group(1));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean hasOpenWave(String run) {
    return !names("_open-" + run).isEmpty();
  }

  /** Copies of tasks can make the directory of a wave again that is visible already. */
  private Set<String> inFlight(String run) {
    Set<String> open = names("_open-" + run);
    Set<String> visible = names("wave=" + run);
    open.removeIf(name -> visible.contains(name.replace("_open-", "wave=")));
    return open;
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
    committed.clear();
    start();
  }

  /** The same command; what is visible now must not be answered again. */
  private void startAgain() throws IOException {
    if (!names("wave=").isEmpty()) {
      Map<String, Row> now = rows(output);
      assertThat(now.keySet()).as("seed %d: waves stay", seed).containsAll(committed.keySet());
      now.forEach(committed::putIfAbsent);
    }
    start();
  }

  private void start() throws IOException {
    Start start = new Start(scratch.resolve("driver-" + starts.size()), committed.size());
    starts.add(start);
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("submit").resolve("spark-submit.sh").toString());
    command.addAll(generate(output, ROWS_PER_WAVE));
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
            .redirectOutput(ProcessBuilder.Redirect.to(start.log.toFile()))
            .start();
  }

  private List<String> generate(Path to, int rowsPerWave) {
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
        "--rows-per-wave=" + rowsPerWave,
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
