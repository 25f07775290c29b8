package org.trlm.job;

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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.faults.Fault;
import org.trlm.job.faults.FaultyFileSystem;
import org.trlm.job.faults.FullHeap;
import org.trlm.job.faults.Hold;

/**
 * Two drivers and an executor of each killed at random moments, told by the waves that are visible
 * and not by a clock: a driver holds in the commit of a wave of the test's choice, so that no kill
 * comes too late. One more executor runs out of memory.
 */
class KilledClusterTest {
  private static final int ROWS = 600;
  private static final LocalClusterRun.Task TASK = new LocalClusterRun.Task(2, 2, 30);

  /** The same rows and parameters in one wave: answers do not depend on it. */
  private static final LocalClusterRun.Task IN_ONE_WAVE =
      new LocalClusterRun.Task(TASK.samples(), TASK.maxTokens(), ROWS);

  private static final int WAVES_IN_FLIGHT = 2;
  private static final int MOST_MINUTES = 10;

  private final long seed = Long.getLong("trlm.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path scratch;
  private Path input;
  private Path output;
  private Path hold;
  private final Set<ProcessHandle> started = new HashSet<>();

  @BeforeEach
  void writeRows() throws IOException {
    System.out.println("KilledClusterTest: -Dtrlm.seed=" + seed);
    input = scratch.resolve("rows.jsonl");
    output = scratch.resolve("out");
    hold = scratch.resolve("hold");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      lines.add("{\"id\": \"row-%d\", \"prompt\": \"Add %d.\"}".formatted(i, i));
    }
    Files.write(input, lines);
  }

  @AfterEach
  void endAll() {
    end(started);
  }

  @Test
  void twoDriversAndTwoExecutorsAreKilledAndEveryRowIsAnsweredOnce() throws Exception {
    Map<String, Row> committed = new HashMap<>();
    for (Hold.Moment moment : Hold.Moment.values()) {
      killAnExecutorAndItsDriver(moment);
      Map<String, Row> now = rows(output);
      assertThat(now.keySet())
          .as("what was visible before the kill")
          .containsAll(committed.keySet());
      committed.putAll(now);
      assertThat(names("_open-")).as("waves in flight").isNotEmpty();
    }

    // the last run in this JVM: who goes on need not be a cluster
    BatchInference.run(
        SharedSpark.session(), IN_ONE_WAVE.config(input, output.toString()), Jobs.tinyModel());

    String undisturbed = scratch.resolve("undisturbed").toString();
    BatchInference.run(
        SharedSpark.session(), IN_ONE_WAVE.config(input, undisturbed), Jobs.tinyModel());
    Map<String, Row> found = rows(output);
    Map<String, Row> expected = rows(Path.of(undisturbed));
    assertThat(found.keySet()).isEqualTo(expected.keySet()).hasSize(ROWS * TASK.samples());
    expected.forEach((request, row) -> SameAnswers.check(request, found.get(request), row));
    committed.forEach(
        (request, row) ->
            assertThat(found.get(request).<Object>getAs("created_at"))
                .as("%s was committed before a kill and is not answered again", request)
                .isEqualTo(row.getAs("created_at")));
    SameAnswers.checkNothingLeft(output);
    assertThat(scratch.resolve("full-0")).as("an executor ran out of memory").exists();
  }

  private void killAnExecutorAndItsDriver(Hold.Moment moment) throws Exception {
    int before = names("wave=").size();
    int first = 1 + random.nextInt(2);
    Hold.set(hold, first);
    Process driver =
        LocalClusterRun.start(
            input,
            FaultyFileSystem.path(output),
            TASK,
            scratch,
            new LocalClusterRun.JvmOptions(
                List.of(Fault.option(Hold.class, hold, moment)),
                List.of(Fault.option(FullHeap.class, scratch, 1))));
    started.add(driver.toHandle());
    await(driver, "waves", () -> names("wave=").size() >= before + first);

    await(driver, "an executor to kill", () -> killsAnExecutor(driver));

    // more than were in flight, so that at least one is answered without that executor
    int second = first + WAVES_IN_FLIGHT + 1 + random.nextInt(2);
    Hold.set(hold, second);
    await(driver, "waves", () -> names("wave=").size() == before + second);
    await(driver, moment.name(), () -> Hold.isHeld(hold, moment, second));
    await(driver, "an executor in place of the killed one", () -> executors(driver).size() == 2);
    List<ProcessHandle> all = new ArrayList<>(executors(driver));
    all.add(0, driver.toHandle());
    end(all);
  }

  private boolean killsAnExecutor(Process driver) {
    List<ProcessHandle> executors = executors(driver);
    return !executors.isEmpty()
        && executors.get(random.nextInt(executors.size())).destroyForcibly();
  }

  /** All that a driver of a local cluster starts: the workers are threads of its own. */
  private List<ProcessHandle> executors(Process driver) {
    List<ProcessHandle> executors = driver.children().filter(ProcessHandle::isAlive).toList();
    started.addAll(executors);
    return executors;
  }

  private static void end(Iterable<ProcessHandle> processes) {
    List<CompletableFuture<ProcessHandle>> ends = new ArrayList<>();
    for (ProcessHandle process : processes) {
      process.destroyForcibly();
      ends.add(process.onExit());
    }
    CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
        .orTimeout(MOST_MINUTES, TimeUnit.MINUTES)
        .join();
  }

  private void await(Process driver, String what, BooleanSupplier seen) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (!seen.getAsBoolean()) {
      assertThat(System.nanoTime()).as("seed %d: waited for %s", seed, what).isLessThan(end);
      if (!driver.isAlive()) {
        throw new AssertionError(
            "seed %d: the driver ended with %d:%n%s"
                .formatted(
                    seed, driver.exitValue(), CommandRun.tail(LocalClusterRun.log(scratch))));
      }
      executors(driver);
      Thread.sleep(20);
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

  /** By request id; each has one row. */
  private static Map<String, Row> rows(Path output) {
    Map<String, Row> rows = new HashMap<>();
    for (Row row : SharedSpark.session().read().parquet(output.toString()).collectAsList()) {
      assertThat(rows.put(row.getAs("request_id"), row)).as("a second row").isNull();
    }
    return rows;
  }
}
