package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code --compute bf16} as users run it: both jars, on this machine and through spark-submit with
 * two executor JVMs. The units are emulated, so that any CPU will do.
 */
@Tag("real-model")
class OneDnnJobIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path JAR = ROOT.resolve("onednn/target/trlm-spark-onednn.jar");
  private static final String EMULATED = "-Dtrlm.onednn.emulate=true";
  private static final int ROWS = 240;

  /** Two cold JVMs take their time. */
  private static final int CLUSTER_ROWS = 48;

  @TempDir Path scratch;

  @Test
  void answersDoNotDependOnTheLayoutAndAreAsRight() throws Exception {
    Map<String, JsonNode> one = run("one", 1, "submit/local.sh", "--master", "local[1]");
    assertThat(run("eight", 8, "submit/local.sh", "--master", "local[2]")).isEqualTo(one);
    Map<String, JsonNode> cluster =
        run(
            "three",
            3,
            "submit/spark-submit.sh",
            "--master",
            "local-cluster[2,1,1024]",
            "--limit=" + CLUSTER_ROWS,
            "--",
            "--executor-memory",
            "1g",
            "--conf",
            "spark.executor.extraJavaOptions=" + EMULATED);
    assertThat(cluster).hasSize(CLUSTER_ROWS);
    assertThat(one).hasSize(ROWS).containsAllEntriesOf(cluster);

    int right = 0;
    for (String line : Files.readAllLines(Jobs.PROMPTS)) {
      JsonNode prompt = JSON.readTree(line);
      JsonNode answer = one.get(prompt.get("id").asText()).get("content");
      right += prompt.get("answer").asText().equals(answer.asText()) ? 1 : 0;
    }
    System.out.println("tiny-reasoner in bf16: " + right + " of " + ROWS + " right");
    // 234, as in exact mode; two for near ties that another CPU's order of sums may turn
    assertThat(right).isGreaterThanOrEqualTo(232);
  }

  /** Answers all prompts; what must not depend on how, by id. */
  private Map<String, JsonNode> run(String name, int partitions, String script, String... where)
      throws IOException {
    assertThat(JAR).as("made by Maven before this module").exists();
    Path output = scratch.resolve(name);
    List<String> command =
        new ArrayList<>(
            List.of(
                ROOT.resolve(script).toString(),
                "generate",
                "--compute=bf16",
                "--model=" + Jobs.TINY_MODEL,
                "--input=" + Jobs.PROMPTS,
                "--output=" + output,
                "--output-format=jsonl",
                "--include-token-ids",
                "--temperature=0",
                "--max-tokens=128",
                "--max-num-seqs=16",
                "--partitions=" + partitions));
    command.addAll(List.of(where));
    ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.toFile());
    builder.environment().put("TRLM_JARS", JAR.toString());
    builder.environment().put("TRLM_DRIVER_MEMORY", "1g");
    builder.environment().put("JAVA_TOOL_OPTIONS", EMULATED);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("SPARK_HOME", RealFiles.sparkHome().toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    CommandRun run = CommandRun.run(builder, Duration.ofMinutes(10), scratch);
    assertThat(run.exitCode()).as(run.printed()).isZero();

    JsonNode manifest = Manifests.only(output);
    assertThat(manifest.get("compute").get("chosen").asText()).isEqualTo("bf16");
    assertThat(manifest.get("kernels").asText()).startsWith("onednn-");
    Map<String, JsonNode> rows = new TreeMap<>();
    try (Stream<Path> files = Files.walk(output)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).toList()) {
        if (file.getFileName().toString().startsWith("part-")) {
          for (String line : Files.readAllLines(file)) {
            JsonNode row = JSON.readTree(line);
            rows.put(row.get("id").asText(), essence(row));
          }
        }
      }
    }
    return rows;
  }

  private static JsonNode essence(JsonNode row) {
    return JSON.createObjectNode()
        .<com.fasterxml.jackson.databind.node.ObjectNode>setAll(
            Map.of(
                "request_id", row.get("request_id"),
                "token_ids", row.get("token_ids"),
                "content", row.get("content"),
                "finish_reason", row.get("finish_reason")));
  }
}
