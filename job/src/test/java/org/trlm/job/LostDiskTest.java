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
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.faults.Fault;
import org.trlm.job.faults.FaultyFileSystem;
import org.trlm.job.faults.FullDisk;
import org.trlm.job.faults.ReadOnlyDisk;

/** An output that cannot be written any more while a run is writing it. */
class LostDiskTest {
  private static final int ROWS = 24;
  private static final int CRASH_POINTS = 3;

  private final long seed = Long.getLong("trlm.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @TempDir Path scratch;
  private Path input;

  @BeforeEach
  void prompts() throws IOException {
    System.out.println("LostDiskTest: -Dtrlm.seed=" + seed);
    input = scratch.resolve("in.jsonl");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      lines.add("{\"id\": \"row-%d\", \"prompt\": \"Add %d.\"}".formatted(i, i));
    }
    Files.write(input, lines);
  }

  @AfterEach
  void mendTheDisk() {
    FaultyFileSystem.set(Fault.NONE);
  }

  @Test
  void aFullDiskEndsTheRunAndTheNextOneGoesOn() throws IOException {
    Path output = scratch.resolve("full");
    lose(output, new FullDisk(1, random.nextInt(2000)), "No space left on device");
  }

  @Test
  void anOutputThatBecameReadOnlyEndsTheRunAndTheNextOneGoesOn() throws IOException {
    Path output = scratch.resolve("read-only");
    lose(output, ReadOnlyDisk.afterWaves(1), "Read-only file system");
  }

  @Test
  void whatTasksWriteAfterTheirEndIsRemoved() throws IOException {
    Path output = scratch.resolve("late");
    Files.createDirectories(output.resolve("_open-20260101T000000Z-00000000-000/_temporary"));
    LateTasks late = new LateTasks();
    FaultyFileSystem.set(late);
    Cli run = generate(output);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(late.made).isPositive();
    assertThat(rows(output)).hasSize(ROWS);
    SameAnswers.checkNothingLeft(output);
  }

  /**
   * Tasks that fill the directory of a wave while it is being deleted, or make it again when the
   * wave is visible.
   */
  private static final class LateTasks implements Fault {
    private int refusedDeletions = 2;
    private int made;
    private Path last;

    @Override
    public synchronized boolean beforeDelete(org.apache.hadoop.fs.Path path) {
      return !path.getName().startsWith("_open-") || refusedDeletions-- <= 0;
    }

    @Override
    public synchronized boolean beforeRename(
        org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) {
      if (to.getName().startsWith("wave=")) {
        if (last != null) {
          try {
            Files.createDirectories(last.resolve("_temporary/0/_temporary"));
            made++;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
        last = Path.of(from.toUri().getPath());
      }
      return true;
    }
  }

  private void lose(Path output, Fault fault, String cause) throws IOException {
    FaultyFileSystem.set(fault);
    Cli lost = generate(output);
    assertThat(lost.exitCode()).as(lost.err()).isEqualTo(1);
    assertThat(lost.err())
        .contains("Failed: ", cause, output.toString(), "give the same command again to go on")
        .doesNotContain("\tat ");
    Set<String> waves = waves(output);
    assertThat(waves).isNotEmpty();

    goesOn(output);
    assertThat(waves(output)).as("whole waves stay").containsAll(waves);
  }

  @Test
  void whereverTheDiskIsLostNoRowIs() throws IOException {
    ReadOnlyDisk counting = ReadOnlyDisk.afterChanges(Integer.MAX_VALUE);
    FaultyFileSystem.set(counting);
    Cli undisturbed = generate(scratch.resolve("undisturbed"));
    assertThat(undisturbed.exitCode()).as(undisturbed.err()).isZero();
    int changes = Integer.MAX_VALUE - counting.left();
    Map<String, Row> expected = rows(scratch.resolve("undisturbed"));

    for (int i = 0; i < CRASH_POINTS; i++) {
      int after = i == 0 ? 0 : random.nextInt(changes);
      Path output = scratch.resolve("lost-" + after + "-" + i);
      FaultyFileSystem.set(ReadOnlyDisk.afterChanges(after));
      Cli lost = generate(output);
      // the number of changes differs a little between runs, and the last ones only tidy up
      String told =
          "seed %d, after change %d of %d: %s".formatted(seed, after, changes, lost.err());
      assertThat(lost.err()).as(told).doesNotContain("\tat ");
      if (lost.exitCode() != 0) {
        assertThat(lost.err()).as(told).contains("Read-only file system", output.toString());
      }
      Map<String, Row> found = goesOn(output);
      assertThat(found.keySet()).as(told).isEqualTo(expected.keySet());
      expected.forEach((id, row) -> SameAnswers.check(id, found.get(id), row));
    }
  }

  /** The same command when the disk is there again, from another process. */
  private Map<String, Row> goesOn(Path output) throws IOException {
    FaultyFileSystem.set(Fault.NONE);
    // the run's process would be gone, and its lease free with it
    Files.deleteIfExists(output.resolve("_trlm/lease.json"));
    Cli next = generate(output);
    assertThat(next.exitCode()).as("seed %d: %s", seed, next.err()).isZero();
    Map<String, Row> rows = rows(output);
    assertThat(rows).hasSize(ROWS);
    SameAnswers.checkNothingLeft(output);
    return rows;
  }

  private Cli generate(Path output) {
    SharedSpark.session();
    return Cli.run(
        "generate",
        "--model=" + Jobs.TINY_MODEL,
        "--input=" + input,
        "--output=" + FaultyFileSystem.path(output),
        "--max-num-seqs=8",
        "--kv-cache-memory=16m",
        "--rows-per-wave=4",
        "--partitions=1",
        "--max-tokens=2");
  }

  private static Set<String> waves(Path output) throws IOException {
    Set<String> waves = new TreeSet<>();
    try (Stream<Path> names = Files.list(output)) {
      names
          .filter(path -> path.getFileName().toString().startsWith("wave="))
          .peek(path -> assertThat(path.resolve("_SUCCESS")).exists())
          .forEach(path -> waves.add(path.getFileName().toString()));
    }
    return waves;
  }

  /** By custom_id; each has one row. */
  private static Map<String, Row> rows(Path output) {
    Map<String, Row> rows = new HashMap<>();
    for (Row row : SharedSpark.session().read().parquet(output.toString()).collectAsList()) {
      assertThat(rows.put(row.getAs("custom_id"), row)).as("a second row").isNull();
    }
    return rows;
  }
}
