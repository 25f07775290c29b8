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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is asked to end. (SIGINT takes the same way; a test's children ignore it.) */
@Tag("kills")
class StoppedJobTest {
  private static final int MOST_MINUTES = 5;

  @TempDir Path scratch;

  @Test
  void theOpenWavesAreTakenBackAndTheNextRunGoesOn() throws Exception {
    Path output = scratch.resolve("out");
    Path log = scratch.resolve("log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(LocalClusterRun.SHORT_LIVED);
    command.add(TrlmSpark.class.getName());
    List<String> arguments =
        List.of(
            "generate",
            "--master=local[2]",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + Jobs.PROMPTS,
            "--output=" + output,
            "--max-num-seqs=8",
            "--kv-cache-memory=16m",
            "--rows-per-wave=10",
            "--max-tokens=12");
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    try {
      awaitFirstWave(process, output, log);
      process.destroy();
      assertThat(process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(143);
    assertThat(names(output))
        .anyMatch(name -> name.startsWith("wave="))
        .noneMatch(name -> name.startsWith("_open-") || name.equals("_SUCCESS"));
    assertThat(output.resolve("_trlm/lease.json")).doesNotExist();
    assertThat(Manifests.only(output).get("status").asText()).isEqualTo("failed");
    List<String> before = names(output);

    SharedSpark.session();
    Cli next = Cli.run(arguments.toArray(String[]::new));
    assertThat(next.exitCode()).as(next.err()).isZero();
    assertThat(names(output)).containsAll(before).contains("_SUCCESS");
    assertThat(
            SharedSpark.session()
                .read()
                .parquet(output.toString())
                .select("custom_id")
                .distinct()
                .count())
        .isEqualTo(SharedSpark.session().read().parquet(output.toString()).count())
        .isEqualTo(Files.readAllLines(Jobs.PROMPTS).size());
  }

  private static void awaitFirstWave(Process process, Path output, Path log) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (names(output).stream().noneMatch(name -> name.startsWith("wave="))) {
      assertThat(System.nanoTime()).as("waited for a wave").isLessThan(end);
      assertThat(process.isAlive()).as("it runs:%n%s", Files.readString(log)).isTrue();
      Thread.sleep(10);
    }
  }

  private static List<String> names(Path output) {
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
