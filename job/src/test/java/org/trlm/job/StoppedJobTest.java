package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.faults.Fault;
import org.trlm.job.faults.FaultyFileSystem;
import org.trlm.job.faults.Hold;

/** A process that is asked to end. It holds after its first wave, so that it is never too late. */
class StoppedJobTest {
  private static final int MOST_MINUTES = 10;
  private static final int ROWS = 40;

  /** Python undoes what a shell does to commands in the background: they ignore SIGINT. */
  private static final String HEARS_INTERRUPTS =
      "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
          + " os.execv(sys.argv[1], sys.argv[1:])";

  @TempDir Path scratch;
  private Path input;
  private Path output;
  private Path hold;
  private Path log;

  @BeforeEach
  void writeRows() throws IOException {
    input = scratch.resolve("rows.jsonl");
    output = scratch.resolve("out");
    hold = scratch.resolve("hold");
    log = scratch.resolve("log");
    Files.write(input, Files.readAllLines(Jobs.PROMPTS).subList(0, ROWS));
    Hold.set(hold, 1);
  }

  @Test
  void aTerminatedRunTakesItsOpenWavesBackAndTheNextOneGoesOn() throws Exception {
    stop(List.of(), "TERM", 143);
  }

  @Test
  @Tag("real-model")
  void anInterruptedRunDoesTheSame() throws Exception {
    stop(List.of(RealFiles.python().toString(), "-c", HEARS_INTERRUPTS), "INT", 130);
  }

  private void stop(List<String> prefix, String signal, int exitCode) throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(LocalClusterRun.SHORT_LIVED);
    command.add(LocalClusterRun.NO_VECTORS);
    command.add(Fault.option(Hold.class, hold, Hold.Moment.BEFORE_RENAME));
    command.add(TrlmSpark.class.getName());
    command.addAll(generate(FaultyFileSystem.path(output)));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    try {
      awaitFirstWave(process);
      Process kill =
          new ProcessBuilder("sh", "-c", "kill -%s %d".formatted(signal, process.pid())).start();
      assertThat(kill.waitFor()).as("kill -%s", signal).isZero();
      assertThat(process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(exitCode);
    List<String> before = names();
    assertThat(before).noneMatch(name -> name.startsWith("_open-") || name.equals("_SUCCESS"));
    assertThat(before).filteredOn(name -> name.startsWith("wave=")).hasSize(1);
    assertThat(Files.readString(log))
        .contains("stopped by a signal", "give the same command again to go on");
    assertThat(output.resolve("_trlm/lease.json")).doesNotExist();
    assertThat(Manifests.only(output).get("status").asText()).isEqualTo("failed");

    SharedSpark.session();
    Cli next = Cli.run(generate(output.toString()).toArray(String[]::new));
    assertThat(next.exitCode()).as(next.err()).isZero();
    assertThat(names()).containsAll(before).contains("_SUCCESS");
    Dataset<Row> rows = SharedSpark.session().read().parquet(output.toString());
    assertThat(rows.select("custom_id").distinct().count()).isEqualTo(rows.count()).isEqualTo(ROWS);
    SameAnswers.checkNothingLeft(output);
  }

  private List<String> generate(String to) {
    return List.of(
        "generate",
        "--master=local[2]",
        "--model=" + Jobs.TINY_MODEL,
        "--input=" + input,
        "--output=" + to,
        "--allow-scalar",
        "--max-num-seqs=8",
        "--kv-cache-memory=16m",
        "--rows-per-wave=8",
        "--max-tokens=4");
  }

  private void awaitFirstWave(Process process) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (names().stream().noneMatch(name -> name.startsWith("wave="))) {
      assertThat(System.nanoTime()).as("waited for a wave").isLessThan(end);
      assertThat(process.isAlive()).as("it runs:%n%s", Files.readString(log)).isTrue();
      Thread.sleep(20);
    }
  }

  private List<String> names() {
    if (!Files.exists(output)) {
      return List.of();
    }
    try (Stream<Path> names = Files.list(output)) {
      return names.map(path -> path.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
