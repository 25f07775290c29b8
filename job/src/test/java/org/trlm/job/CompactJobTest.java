package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.job.waves.HeldLease;

/** {@code compact}: few files, the same rows, and runs that go on afterwards. */
class CompactJobTest {
  private static final int ROWS = 12;

  @TempDir Path scratch;

  private static Cli compact(Path output) {
    SharedSpark.session();
    return Cli.run("compact", "--output=" + output);
  }

  private static Cli done(Path output) {
    Cli run = compact(output);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  /** Files of rows below the output. */
  private static List<Path> files(Path output) throws IOException {
    try (Stream<Path> files = Files.walk(output)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("part-"))
          .filter(file -> file.toString().contains("wave="))
          .toList();
    }
  }

  /** Every row with every column, timings too; not the wave it stands in. */
  private static List<String> content(Path output, String format) throws IOException {
    List<String> rows = new ArrayList<>();
    if (format.equals("parquet")) {
      var table = SharedSpark.session().read().parquet(output.toString()).drop("wave");
      Column[] columns = Arrays.stream(table.columns()).map(functions::col).toArray(Column[]::new);
      for (Row row : table.select(functions.struct(columns).as("row")).collectAsList()) {
        rows.add(row.getStruct(0).json());
      }
    } else {
      for (Path file : files(output)) {
        rows.addAll(Files.readAllLines(file));
      }
    }
    rows.sort(null);
    return rows;
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "openai-batch"})
  void linesAreCopiedAsTheyAre(String format) throws IOException {
    ScheduledRuns runs = new ScheduledRuns(scratch, ROWS);
    runs.prompts.get(4).put("prompt", " ");
    runs.write();
    String[] asked = {"--output-format=" + format, "--n=2", "--temperature=0.9", "--seed=5"};
    runs.done(asked);
    List<String> lines = content(runs.output, format);
    assertThat(lines).hasSize(2 * ROWS).doesNotHaveDuplicates();
    assertThat(runs.waves()).hasSizeGreaterThan(1);

    done(runs.output);
    assertThat(content(runs.output, format)).isEqualTo(lines);
    // errors of a batch lie apart
    assertThat(files(runs.output)).hasSize(format.equals("openai-batch") ? 2 : 1);
    List<String> compacted = runs.waves();
    runs.done(asked);
    assertThat(runs.waves()).as("every row is done").isEqualTo(compacted).hasSize(1);
  }

  @Test
  void runsGoOnBeforeAndAfter() throws IOException {
    ScheduledRuns runs = new ScheduledRuns(scratch, ROWS);
    runs.done();
    runs.prompts.get(3).put("prompt", "Find the sum of 40 and 2.");
    runs.write();
    runs.done();
    List<String> rows = content(runs.output, "parquet");
    List<String> waves = runs.waves();
    refusedWhileAnotherRunWrites(runs);
    assertThat(runs.waves()).isEqualTo(waves);

    assertThat(done(runs.output).out())
        .contains(waves.size() + " waves of ")
        .contains(" are one now.");
    assertThat(content(runs.output, "parquet")).isEqualTo(rows);
    assertThat(files(runs.output)).hasSize(1);
    List<String> compacted = runs.waves();
    SameAnswers.checkNothingLeft(runs.output);
    assertThat(runs.output.resolve("_SUCCESS")).exists();

    assertThat(done(runs.output).out()).contains("1 wave in ").contains("nothing to do");
    runs.done();
    assertThat(runs.waves()).as("every row is done").isEqualTo(compacted).hasSize(1);
    var before = ScheduledRuns.texts(runs.byId());
    runs.prompts.get(5).put("prompt", "Find the sum of 50 and 2.");
    runs.write();
    runs.done();
    var after = ScheduledRuns.texts(runs.byId());
    assertThat(after.remove("row-5")).isNotEqualTo(before.remove("row-5"));
    assertThat(after).as("a changed row is one row").isEqualTo(before);
  }

  private static void refusedWhileAnotherRunWrites(ScheduledRuns runs) throws IOException {
    HeldLease lease = HeldLease.take(runs.output, "20300101T000000Z-00000001");
    try {
      for (Cli refused : List.of(compact(runs.output), runs.generate())) {
        assertThat(refused.exitCode()).as(refused.err()).isEqualTo(2);
        assertThat(refused.err())
            .contains("is being written by run 20300101T000000Z-00000001 on host ")
            .contains("Wait for it, stop it, or choose another directory.");
      }
    } finally {
      lease.close();
    }
  }

  @Test
  void whatHoldsNoWavesIsRefused() throws IOException {
    Path missing = scratch.resolve("missing");
    refused(missing.toString(), "holds no waves: there is no such directory, or it is empty");
    assertThat(missing).doesNotExist();
    Path foreign = Files.createDirectory(scratch.resolve("foreign"));
    Files.writeString(foreign.resolve("notes.txt"), "mine");
    refused(foreign.toString(), "its file _trlm/configuration.json is missing");
    assertThat(foreign.resolve("_trlm")).doesNotExist();
    refused(foreign.resolve("notes.txt").toString(), "is a file");
    refused("delta:" + foreign, "use Delta's own OPTIMIZE");
    refused("table:sales.reviews", "compact is for directories of waves");
    refused(" ", "Give --output DIR");
  }

  private static void refused(String output, String message) {
    SharedSpark.session();
    Cli run = Cli.run("compact", "--output=" + output);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }
}
