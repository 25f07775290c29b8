package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drivers and executors killed in the middle, told by the waves that are visible and not by a
 * clock; the same command again until it ends by itself.
 */
@Tag("kills")
class KilledClusterTest {
  private static final int ROWS = 600;
  private static final int ROWS_PER_WAVE = 30;

  /** Cold JVMs interpret the kernels for most of the run. */
  private static final int MAX_TOKENS = 2;

  private static final int MOST_MINUTES = 8;

  @TempDir Path scratch;
  private final List<ProcessHandle> started = new ArrayList<>();

  @AfterEach
  void endAll() {
    started.forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void twoDriversAndTwoExecutorsAreKilledAndEveryRowIsAnsweredOnce() throws Exception {
    Path input = scratch.resolve("rows.jsonl");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      lines.add("{\"id\": \"row-%d\", \"prompt\": \"Add %d.\"}".formatted(i, i));
    }
    Files.write(input, lines);
    Path output = scratch.resolve("out");

    Map<String, Row> committed = new HashMap<>();
    for (int kill = 0; kill < 2; kill++) {
      Process driver = start(input, output);
      int before = waves(output).size();
      awaitWaves(driver, output, before + 1);
      killAnExecutor(driver);
      awaitWaves(driver, output, before + 2);
      kill(driver);
      committed.putAll(rows(output));
      assertThat(committed).as("rows before the last run").hasSizeLessThan(ROWS);
    }
    Process last = start(input, output);
    assertThat(last.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).isTrue();
    assertThat(last.exitValue()).as(CommandRun.tail(LocalClusterRun.log(scratch))).isZero();

    Map<String, Row> found = rows(output);
    Map<String, Row> expected =
        Jobs.run(LocalClusterRun.config(input, scratch.resolve("undisturbed"), MAX_TOKENS));
    assertThat(found.keySet()).isEqualTo(expected.keySet()).hasSize(ROWS);
    expected.forEach((id, row) -> SameAnswers.check(id, found.get(id), row));
    committed.forEach(
        (id, row) ->
            assertThat(found.get(id).<Object>getAs("created_at"))
                .as("row %s was committed before a kill and is not answered again", id)
                .isEqualTo(row.getAs("created_at")));
    SameAnswers.checkNothingLeft(output);
  }

  private Process start(Path input, Path output) throws IOException {
    Process driver = LocalClusterRun.start(input, output, MAX_TOKENS, ROWS_PER_WAVE, scratch);
    started.add(driver.toHandle());
    return driver;
  }

  /** All that a driver of a local cluster starts: the workers are threads of its own. */
  private static List<ProcessHandle> executors(Process driver) {
    return driver.children().filter(ProcessHandle::isAlive).toList();
  }

  private void killAnExecutor(Process driver) {
    List<ProcessHandle> executors = executors(driver);
    assertThat(executors).as("executors").isNotEmpty();
    started.addAll(executors);
    executors.get(0).destroyForcibly();
  }

  /** The driver and, so that they do not linger, its executors. */
  private static void kill(Process driver) {
    List<ProcessHandle> all = new ArrayList<>(driver.descendants().toList());
    all.add(driver.toHandle());
    driver.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
    CompletableFuture.allOf(
            all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new))
        .orTimeout(2, TimeUnit.MINUTES)
        .join();
  }

  private void awaitWaves(Process driver, Path output, int count) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (waves(output).size() < count) {
      assertThat(System.nanoTime()).as("waited for %d waves", count).isLessThan(end);
      assertThat(driver.isAlive())
          .as("the driver runs:%n%s", CommandRun.tail(LocalClusterRun.log(scratch)))
          .isTrue();
      Thread.sleep(10);
    }
  }

  private static TreeSet<String> waves(Path output) {
    TreeSet<String> waves = new TreeSet<>();
    if (Files.exists(output)) {
      try (Stream<Path> names = Files.list(output)) {
        names
            .map(path -> path.getFileName().toString())
            .filter(name -> name.startsWith("wave="))
            .forEach(waves::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return waves;
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
