package org.trlm.job.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
import org.trlm.job.CommandRun;
import org.trlm.job.Jobs;
import org.trlm.job.RealFiles;
import org.trlm.job.SameAnswers;
import org.trlm.job.SharedSpark;

/**
 * Many random kills of executors and drivers on a standalone master with two workers, speculation
 * on; the same command again until it ends by itself. Each kill waits for something that the run
 * has done, never for a time. {@code -Dtrlm.kills=N} and {@code -Dtrlm.seed=N} choose how many and
 * which.
 */
@Tag("kills")
class ManyKillsIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final int ROWS = 5000;
  private static final int ROWS_PER_WAVE = 32;
  private static final int MOST_MINUTES = 10;

  private final int kills = Integer.getInteger("trlm.kills", 30);
  private final long seed = Long.getLong("trlm.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path scratch;
  private StandaloneCluster cluster;
  private Path input;
  private Path output;
  private Path log;
  private Process driver;
  private Set<String> wavesAtStart;

  @BeforeEach
  void startCluster() throws IOException {
    System.out.println("ManyKillsIT: -Dtrlm.seed=" + seed);
    cluster = StandaloneCluster.start(RealFiles.sparkHome(), scratch);
    input = scratch.resolve("rows.jsonl");
    output = scratch.resolve("out");
    log = scratch.resolve("driver.log");
    List<String> prompts = Files.readAllLines(Jobs.PROMPTS);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      lines.add(prompts.get(i % prompts.size()).replaceFirst("\"id\": *\"", "$0" + i + "-"));
    }
    Files.write(input, lines);
  }

  @AfterEach
  void stopCluster() {
    if (driver != null) {
      driver.destroyForcibly();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void everyRowIsAnsweredOnceAndAsWithoutKills() throws Exception {
    int drivers = 0;
    start();
    for (int kill = 0; kill < kills; kill++) {
      await();
      if (random.nextInt(3) == 0) {
        driver.destroyForcibly().waitFor(MOST_MINUTES, TimeUnit.MINUTES);
        drivers++;
        start();
      } else {
        until("an executor", () -> !cluster.executors().isEmpty());
        List<ProcessHandle> executors = cluster.executors();
        if (!executors.isEmpty()) {
          executors.get(random.nextInt(executors.size())).destroyForcibly();
        }
      }
    }
    System.out.println("ManyKillsIT: " + kills + " kills, " + drivers + " of them of the driver");
    // Spark gives up on a task whose executors died four times; then the command is given again
    for (int again = 0; driver.waitFor(MOST_MINUTES, TimeUnit.MINUTES); again++) {
      if (driver.exitValue() == 0) {
        break;
      }
      assertThat(again).as("%s%n%s", seed, CommandRun.tail(log)).isLessThan(3);
      start();
    }
    assertThat(driver.isAlive()).as("seed %d", seed).isFalse();
    check();
  }

  private void check() throws IOException {
    Path undisturbed = scratch.resolve("undisturbed");
    CommandRun run =
        CommandRun.run(
            command("local.sh", undisturbed, "--master=local[2]"),
            Duration.ofMinutes(MOST_MINUTES),
            scratch);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    Map<String, Row> expected = rows(undisturbed);
    Map<String, Row> found = rows(output);
    assertThat(found).as("seed %d", seed).hasSize(ROWS).containsOnlyKeys(expected.keySet());
    Set<String> requests = new HashSet<>();
    found.values().forEach(row -> requests.add(row.getAs("request_id")));
    assertThat(requests).as("distinct request ids").hasSize(ROWS);
    expected.forEach((id, row) -> SameAnswers.check(id, found.get(id), row));
    SameAnswers.checkNothingLeft(output);
  }

  /** Waits until the run has done what the next kill is to follow. */
  private void await() {
    int chosen = random.nextInt(4);
    switch (chosen) {
      case 0 -> until("a lease", () -> Files.exists(output.resolve("_trlm/lease.json")));
      case 1 -> until("an open wave", () -> names("_open-").size() > 0);
      default -> {
        int count = names("wave=").size() + chosen - 1;
        until(count + " waves", () -> names("wave=").size() >= count);
      }
    }
  }

  private void until(String what, BooleanSupplier seen) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (!seen.getAsBoolean()) {
      assertThat(System.nanoTime()).as("seed %d: waited for %s", seed, what).isLessThan(end);
      try {
        if (!driver.isAlive()) {
          assertThat(driver.exitValue())
              .as("seed %d: ended before the last kill:%n%s", seed, CommandRun.tail(log))
              .isNotZero();
          start();
        }
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
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

  /** The command; the waves that are whole must still be there when it has begun again. */
  private void start() throws IOException {
    Set<String> waves = names("wave=");
    if (wavesAtStart != null) {
      assertThat(waves).as("seed %d: whole waves stay", seed).containsAll(wavesAtStart);
    }
    wavesAtStart = waves;
    ProcessBuilder builder =
        command(
            "spark-submit.sh",
            output,
            "--master=" + cluster.masterUrl(),
            "--partitions=2",
            "--rows-per-wave=" + ROWS_PER_WAVE,
            "--",
            "--executor-memory",
            "1g",
            "--total-executor-cores",
            "2",
            "--conf",
            "spark.ui.enabled=false",
            "--conf",
            "spark.speculation=true",
            "--conf",
            "spark.speculation.quantile=0.5",
            "--conf",
            "spark.speculation.multiplier=1.5");
    driver =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
  }

  private ProcessBuilder command(String script, Path to, String... more) {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("submit").resolve(script).toString());
    command.addAll(
        List.of(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + input,
            "--output=" + to,
            "--temperature=0",
            "--max-tokens=12",
            "--include-token-ids"));
    command.addAll(List.of(more));
    ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
    builder.environment().putAll(cluster.environment());
    builder.environment().put("TRLM_DRIVER_MEMORY", "1g");
    return builder;
  }

  /** By id; each has one row. */
  private static Map<String, Row> rows(Path output) {
    Map<String, Row> rows = new HashMap<>();
    for (Row row : SharedSpark.session().read().parquet(output.toString()).collectAsList()) {
      assertThat(rows.put(row.getAs("custom_id"), row)).as("a second row").isNull();
    }
    return rows;
  }
}
