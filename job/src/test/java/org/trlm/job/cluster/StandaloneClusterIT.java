package org.trlm.job.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.CommandRun;
import org.trlm.job.Jobs;
import org.trlm.job.Manifests;
import org.trlm.job.RealFiles;
import org.trlm.job.SharedSpark;

/**
 * The jar through spark-submit on a standalone master with two workers, as a user runs it. Needs a
 * Spark distribution.
 */
@Tag("real-model")
class StandaloneClusterIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Duration LIMIT = Duration.ofMinutes(15);
  private static final int PROMPTS = 240;

  /** What must not depend on where a row was answered. */
  private static final List<String> SAME =
      List.of(
          "id",
          "prompt",
          "request_id",
          "sample_index",
          "generated_text",
          "reasoning",
          "content",
          "think_state",
          "status",
          "finish_reason",
          "stop_reason",
          "error",
          "token_ids",
          "model_fingerprint",
          "sampling_params",
          "seed");

  /** The parts of usage but for cached_tokens, which says who ran before in the same task. */
  private static final List<String> COUNTED_TOKENS =
      List.of("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens");

  @TempDir static Path scratch;
  private static StandaloneCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = StandaloneCluster.start(RealFiles.sparkHome(), scratch);
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void givesTheRowsOfALocalRun() throws IOException {
    Path prompts = Jobs.EXAMPLES.resolve("prompts.parquet");
    Path local = scratch.resolve("local-answers");
    CommandRun localRun =
        run(
            "local.sh",
            generate(
                "--master=local[2]", "--input=" + prompts, "--output=" + local, "--partitions=2"));
    assertThat(localRun.exitCode()).as(localRun.printed()).isZero();

    Path distributed = scratch.resolve("cluster-answers");
    CommandRun clusterRun =
        onCluster(
            generate(
                "--master=" + cluster.masterUrl(),
                "--input=" + prompts,
                "--output=" + distributed,
                "--partitions=6",
                "--verbose"));
    assertThat(clusterRun.exitCode()).as(clusterRun.printed()).isZero();

    Map<String, Row> expected = rows(local);
    Map<String, Row> found = rows(distributed);
    assertThat(found).hasSize(PROMPTS).containsOnlyKeys(expected.keySet());
    expected.forEach(
        (id, row) -> {
          for (String column : SAME) {
            assertThat(found.get(id).<Object>getAs(column))
                .as("%s of row %s", column, id)
                .isEqualTo(row.getAs(column));
          }
          for (String count : COUNTED_TOKENS) {
            assertThat(found.get(id).<Row>getAs("usage").<Integer>getAs(count))
                .as("%s of row %s", count, id)
                .isEqualTo(row.<Row>getAs("usage").getAs(count));
          }
        });
    assertThat(found.values()).allMatch(row -> row.getAs("status").equals("ok"));

    assertThat(distinct(found, "executor_host"))
        .as("hosts that answered")
        .containsExactlyInAnyOrderElementsOf(StandaloneCluster.HOSTS);
    assertThat(distinct(found, "partition_id")).hasSize(6);
    JsonNode manifest = Manifests.only(distributed);
    assertThat(manifest.get("models_packed").asInt())
        .as("models packed, one by each executor")
        .isEqualTo(2);
    assertThat(manifest.get("status").asText()).isEqualTo("success");
    assertThat(manifest.get("rows").get("ok").asInt()).isEqualTo(PROMPTS);
    assertThat(cluster.jarsGiven()).as("jars sent to executors").containsExactly("trlm-spark.jar");
    assertThat(clusterRun.err())
        .as("the command that --verbose prints")
        .containsPattern("(?m)^\\+ \\S*/bin/spark-submit .*--master spark://")
        .doesNotContain("--jars", "--packages");
  }

  @Test
  void wrongUseEndsWithTwoBeforeAnyWork() throws IOException {
    Path output = scratch.resolve("wrong-use");
    CommandRun run =
        onCluster(
            "generate",
            "--master=" + cluster.masterUrl(),
            "--model=" + scratch.resolve("no-such-model"),
            "--input=" + Jobs.PROMPTS,
            "--output=" + output);
    assertThat(run.exitCode()).as(run.printed()).isEqualTo(2);
    assertThat(run.err()).contains("Error: ").contains("no-such-model").doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }

  @Test
  void aJobThatFailsWhileItRunsEndsWithOne() throws IOException {
    Path damaged = damagedPages(Jobs.EXAMPLES.resolve("prompts.parquet"));
    Path output = scratch.resolve("failed");
    CommandRun run =
        onCluster(
            generate(
                "--master=" + cluster.masterUrl(), "--input=" + damaged, "--output=" + output));
    assertThat(run.exitCode()).as(run.printed()).isEqualTo(1);
    assertThat(run.err()).contains("Failed: ");
    assertThat(output.resolve("_SUCCESS")).doesNotExist();
    assertThat(Manifests.only(output).get("status").asText()).isEqualTo("failed");
  }

  /** A copy of a Parquet file whose footer is right and whose first pages are not. */
  private static Path damagedPages(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 4, 2000, (byte) 0xff);
    return Files.write(scratch.resolve("damaged.parquet"), bytes);
  }

  private static String[] generate(String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "generate",
                "--model=" + Jobs.TINY_MODEL,
                "--temperature=0",
                "--max-tokens=128",
                "--include-token-ids"));
    arguments.addAll(List.of(options));
    return arguments.toArray(String[]::new);
  }

  /** Through spark-submit, on both workers from the first task on. */
  private static CommandRun onCluster(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(
        List.of(
            "--",
            "--executor-memory",
            "1g",
            "--total-executor-cores",
            "2",
            "--conf",
            "spark.scheduler.minRegisteredResourcesRatio=1.0",
            "--conf",
            "spark.scheduler.maxRegisteredResourcesWaitingTime=60s",
            "--conf",
            "spark.ui.enabled=false"));
    return run("spark-submit.sh", all.toArray(String[]::new));
  }

  private static CommandRun run(String script, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("submit").resolve(script).toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
    builder.environment().putAll(cluster.environment());
    builder.environment().put("TRLM_DRIVER_MEMORY", "1g");
    return CommandRun.run(builder, LIMIT, scratch);
  }

  private static Map<String, Row> rows(Path output) {
    Map<String, Row> rows = new TreeMap<>();
    for (Row row : SharedSpark.session().read().parquet(output.toString()).collectAsList()) {
      assertThat(rows.put(row.getAs("custom_id"), row)).as("a second row").isNull();
    }
    return rows;
  }

  private static TreeSet<String> distinct(Map<String, Row> rows, String column) {
    TreeSet<String> values = new TreeSet<>();
    rows.values().forEach(row -> values.add(row.getAs(column).toString()));
    return values;
  }
}
