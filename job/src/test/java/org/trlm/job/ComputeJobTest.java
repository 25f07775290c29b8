package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.inference.ComputeProbe.Answer;

/**
 * The job in another compute mode: what is chosen, refused and told. What the mode computes is the
 * business of its provider; here it is one without native code.
 */
class ComputeJobTest {
  private static final int ROWS = 3;
  private static final int MOST_SECONDS = 900;

  @TempDir static Path clean;
  private static Map<String, Row> exact;

  @TempDir Path scratch;

  @BeforeAll
  static void runExact() throws Exception {
    exact = Jobs.run(config(clean, "exact", Compute.EXACT));
  }

  private JobConfig config(String output, Compute compute) throws Exception {
    return config(scratch, output, compute);
  }

  private static JobConfig config(Path scratch, String output, Compute compute) throws Exception {
    Path input = scratch.resolve("rows.jsonl");
    Files.write(input, Files.readAllLines(Jobs.PROMPTS).subList(0, ROWS));
    JobConfig config = LocalClusterRun.config(input, scratch.resolve(output), 4);
    return config.with(config.engine().with(compute));
  }

  private JsonNode manifest(String output) throws Exception {
    return Manifests.only(scratch.resolve(output));
  }

  @Test
  void bf16WithoutTheJarIsRefusedBeforeAnyWork() throws Exception {
    Path output = scratch.resolve("out");
    Cli run =
        Cli.run(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + Jobs.PROMPTS,
            "--output=" + output,
            "--compute=bf16");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(TrlmSpark.WRONG_USE);
    assertThat(run.err())
        .contains("Error: --compute bf16 is not possible on 127.0.0.1: ")
        .contains("trlm-spark-onednn.jar")
        .contains("docs/compute.md")
        .doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }

  @Test
  void autoWithoutTheJarIsExactAndSaysWhy() throws Exception {
    Map<String, Row> auto = Jobs.run(config("auto", Compute.AUTO));
    assertThat(auto).hasSize(ROWS);
    auto.forEach((id, row) -> SameAnswers.check(id, row, exact.get(id)));
    JsonNode compute = manifest("auto").get("compute");
    assertThat(compute.get("asked").asText()).isEqualTo("auto");
    assertThat(compute.get("chosen").asText()).isEqualTo("exact");
    assertThat(compute.get("reason").asText()).contains("trlm-spark-onednn.jar");
    assertThat(manifest("auto").get("kernels").asText()).startsWith("vector-");
    JsonNode byDefault = Manifests.only(clean.resolve("exact")).get("compute");
    assertThat(byDefault.get("asked").asText()).isEqualTo("exact");
    assertThat(byDefault.get("chosen").asText()).isEqualTo("exact");
  }

  @Test
  void bf16HasIdsOfItsOwnAndIsAnotherConfigurationOfAnOutput() throws Exception {
    JobConfig config = config("auto", Compute.AUTO);
    Map<String, Row> auto = FakeCompute.withJar(() -> Jobs.run(config));
    assertThat(auto).hasSize(ROWS);
    auto.forEach(
        (id, row) ->
            assertThat(row.<String>getAs("request_id"))
                .isNotEqualTo(exact.get(id).<String>getAs("request_id")));
    JsonNode manifest = manifest("auto");
    assertThat(manifest.get("compute").get("asked").asText()).isEqualTo("auto");
    assertThat(manifest.get("compute").get("chosen").asText()).isEqualTo("bf16");
    assertThat(manifest.get("kernels").asText()).isEqualTo(FakeCompute.NAME);
    assertThat(manifest.get("models_packed").asInt()).isEqualTo(1);

    JobConfig asked = config("bf16", Compute.BF16);
    Map<String, Row> bf16 = FakeCompute.withJar(() -> Jobs.run(asked));
    bf16.forEach((id, row) -> SameAnswers.check(id, row, auto.get(id)));
    assertThat(manifest("bf16").get("models_packed").asInt()).isZero();

    assertThatThrownBy(() -> Jobs.run(config))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("compute (\"bf16\" there, default now)")
        .hasMessageContaining("--keep-both");
  }

  @Test
  void inspectCountsTheWeightsOffTheHeap() throws Exception {
    String[] command = {"inspect", "--model=" + Jobs.TINY_MODEL, "--compute=bf16"};
    Cli without = Cli.run(command);
    assertThat(without.exitCode()).as(without.err()).isZero();
    assertThat(without.out())
        .contains("off the heap      1.7 MiB of packed weights in bf16")
        .contains("spark.executor.memoryOverhead at least 385.7 MiB")
        .contains("executor heap     files + tasks x engine / 0.6: ")
        .contains(
            "compute           bf16 is not possible on this machine: compute mode bf16 needs");
    assertThat(FakeCompute.withJar(() -> Cli.run(command)).out())
        .contains("compute           this machine can compute in bf16");
    assertThat(Cli.run("inspect", "--model=" + Jobs.TINY_MODEL).out())
        .doesNotContain("off the heap")
        .contains("executor heap     files + weights + tasks x engine / 0.6: ");
  }

  @Test
  void oneExecutorThatCannotMakesAutoExactAndIsNamed() throws Exception {
    JobConfig auto = config("out", Compute.AUTO);
    List<Answer> answers =
        List.of(
            new Answer("h1", null, "one"),
            new Answer("h2", "there is no unit", null),
            new Answer("h3", null, "two"));
    ComputeChoice choice = ComputeChoice.of(auto.engine(), answers);
    assertThat(choice.chosen()).isEqualTo(Compute.EXACT);
    assertThat(choice.describe())
        .startsWith("exact (auto: bf16 is not possible on 1 of 3 executors (h2): there is no unit");
    JobConfig bf16 = config("out", Compute.BF16);
    assertThatThrownBy(() -> ComputeChoice.of(bf16.engine(), answers))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("on 1 of 3 executors (h2): there is no unit");
    ComputeChoice able = ComputeChoice.of(auto.engine(), List.of(answers.get(0), answers.get(2)));
    assertThat(able.chosen()).isEqualTo(Compute.BF16);
    assertThat(able.describe()).isEqualTo("bf16 (auto: all 2 executors can; one, two)");
  }

  @Test
  void everyExecutorIsAsked() throws Exception {
    Path log = LocalClusterRun.log(scratch);
    Path answers = scratch.resolve("answers");
    Process driver =
        LocalClusterRun.start(
            ComputeProbeRun.class,
            List.of(answers.toString()),
            FakeCompute.SERVICE + File.pathSeparator + System.getProperty("java.class.path"),
            scratch);
    try {
      assertThat(driver.waitFor(MOST_SECONDS, TimeUnit.SECONDS)).as("the driver ended").isTrue();
      assertThat(driver.exitValue()).as(CommandRun.tail(log)).isZero();
    } finally {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
    assertThat(Files.readAllLines(answers))
        .containsExactlyInAnyOrder(
            new Answer("127.0.0.1", null, FakeCompute.NAME).toString(),
            new Answer("127.0.0.1", FakeCompute.LACK, null).toString());
  }
}
