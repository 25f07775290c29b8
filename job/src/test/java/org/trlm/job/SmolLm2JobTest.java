package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command generate on the real 135M weights, JSON Lines in and out, against what transformers
 * computed in float32 from the same weights.
 */
@Tag("real-model")
class SmolLm2JobTest {
  /** Two right float32 programs may part where the two best logits are nearer than this. */
  private static final double NEAR_TIE = 0.002;

  /** The columns that docs promise, in their order; those of the input stand before them. */
  private static final List<String> COLUMNS =
      List.of(
          "custom_id",
          "row_key",
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
          "usage",
          "metrics",
          "token_ids",
          "logprobs",
          "cumulative_logprob",
          "prompt_logprobs",
          "rendered_prompt",
          "model",
          "model_fingerprint",
          "sampling_params",
          "seed",
          "run_id",
          "executor_host",
          "partition_id",
          "created_at");

  private static final Path GOLDENS = Path.of("..", "engine", "src", "test", "resources", "golden");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path scratch;

  @Test
  void smolLm2FromGguf() throws IOException {
    List<JsonNode> goldens = lines(GOLDENS.resolve("smollm2_greedy.jsonl"));
    int compared = compare(RealFiles.smolLm2Gguf(), goldens, 96);
    System.out.println("SmolLM2 through the job: " + compared + " tokens compared");
    assertThat(compared).as("tokens compared").isGreaterThan(1500);
  }

  @Test
  void trlmShapedFromShardedBfloat16Safetensors() throws IOException {
    List<JsonNode> goldens = lines(GOLDENS.resolve("trlm_shaped_greedy.jsonl"));
    int compared = compare(RealFiles.trlmShapedDirectory(), goldens, 64);
    System.out.println("TRLM-shaped through the job: " + compared + " tokens compared");
    assertThat(compared).as("tokens compared").isGreaterThan(500);
  }

  @Test
  void layoutAndOrderChangeNoToken() throws IOException {
    List<JsonNode> goldens = lines(GOLDENS.resolve("smollm2_greedy.jsonl")).subList(0, 16);
    Map<String, JsonNode> narrow = answers("narrow", goldens, 1, 3);
    List<JsonNode> shuffled = new ArrayList<>(goldens);
    long seed = System.nanoTime();
    System.out.println("prompts shuffled with seed " + seed);
    Collections.shuffle(shuffled, new Random(seed));
    Map<String, JsonNode> wide = answers("wide", shuffled, 3, 16);
    assertThat(partitions(narrow)).isEqualTo(1);
    assertThat(partitions(wide)).isEqualTo(3);
    assertThat(wide).hasSameSizeAs(narrow).hasSize(16);
    narrow.forEach(
        (id, row) -> {
          for (String column :
              List.of("request_id", "token_ids", "generated_text", "finish_reason")) {
            assertThat(wide.get(id).get(column))
                .as("%s of row %s", column, id)
                .isEqualTo(row.get(column));
          }
          assertThat(countedTokens(wide.get(id)))
              .as("usage of row %s", id)
              .isEqualTo(countedTokens(row));
        });
  }

  /** The token counts but for the cached ones, which say who ran before in the same task. */
  private static JsonNode countedTokens(JsonNode row) {
    return ((ObjectNode) row.get("usage").deepCopy()).without("cached_tokens");
  }

  private static long partitions(Map<String, JsonNode> rows) {
    return rows.values().stream().map(row -> row.get("partition_id").asInt()).distinct().count();
  }

  private Map<String, JsonNode> answers(
      String name, List<JsonNode> goldens, int partitions, int maxNumSeqs) throws IOException {
    return generate(
        RealFiles.smolLm2Gguf(),
        input(name, goldens),
        scratch.resolve("out-" + name),
        "--max-tokens=24",
        "--partitions=" + partitions,
        "--max-num-seqs=" + maxNumSeqs);
  }

  /** Runs the job over the prompts of the goldens; returns how many tokens were compared. */
  private int compare(Path model, List<JsonNode> goldens, int maxTokens) throws IOException {
    Map<String, JsonNode> rows =
        generate(
            model,
            input("prompts", goldens),
            scratch.resolve("out"),
            "--max-tokens=" + maxTokens,
            "--include-rendered-prompt");
    assertThat(rows).hasSameSizeAs(goldens);
    List<String> columns = new ArrayList<>(List.of("id", "prompt"));
    columns.addAll(COLUMNS);
    int compared = 0;
    for (JsonNode golden : goldens) {
      String id = golden.get("id").asText();
      JsonNode row = rows.get(id);
      assertThat(row.fieldNames()).toIterable().as("columns").containsExactlyElementsOf(columns);
      compared += compare("row " + id, golden, row, maxTokens);
    }
    return compared;
  }

  private static int compare(String label, JsonNode golden, JsonNode row, int maxTokens) {
    assertThat(row.get("status").asText()).as(label).isEqualTo("ok");
    assertThat(row.get("error").isNull()).as("%s: error is null", label).isTrue();
    assertThat(row.get("prompt")).as(label).isEqualTo(golden.get("prompt"));
    assertThat(row.get("rendered_prompt")).as(label).isEqualTo(golden.get("rendered"));
    assertThat(row.get("usage").get("prompt_tokens").asInt())
        .as(label)
        .isEqualTo(golden.get("prompt_token_ids").size());
    List<Integer> expected = integers(golden.get("token_ids"));
    List<Integer> found = integers(row.get("token_ids"));
    assertThat(row.get("usage").get("completion_tokens").asInt()).as(label).isEqualTo(found.size());
    int end = firstNearTie(golden.get("gaps"));
    assertThat(found.subList(0, Math.min(end, found.size())))
        .as("%s: token ids before any near tie", label)
        .isEqualTo(expected.subList(0, end));
    if (end == expected.size()) {
      assertThat(row.get("generated_text")).as(label).isEqualTo(golden.get("text"));
      assertThat(row.get("finish_reason").asText())
          .as(label)
          .isEqualTo(expected.get(end - 1) == 2 ? "stop" : "length");
      assertThat(expected.get(end - 1) == 2 || expected.size() == maxTokens).as(label).isTrue();
    }
    return end;
  }

  private static int firstNearTie(JsonNode gaps) {
    int step = 0;
    while (step < gaps.size() && gaps.get(step).asDouble() >= NEAR_TIE) {
      step++;
    }
    return step;
  }

  private static List<Integer> integers(JsonNode array) {
    List<Integer> integers = new ArrayList<>();
    array.forEach(item -> integers.add(item.intValue()));
    return integers;
  }

  /** A JSON Lines file of the goldens' ids and prompts. */
  private Path input(String name, List<JsonNode> goldens) throws IOException {
    List<String> lines = new ArrayList<>();
    for (JsonNode golden : goldens) {
      ObjectNode line = JSON.createObjectNode();
      line.put("id", golden.get("id").asText());
      line.set("prompt", golden.get("prompt"));
      lines.add(line.toString());
    }
    return Files.write(scratch.resolve(name + ".jsonl"), lines);
  }

  /** The command's rows by custom_id. */
  private static Map<String, JsonNode> generate(
      Path model, Path input, Path output, String... options) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "generate",
                "--master=local[2]",
                "--model=" + model,
                "--input=" + input,
                "--output=" + output,
                "--output-format=jsonl",
                "--temperature=0",
                "--include-token-ids"));
    arguments.addAll(List.of(options));
    assertThat(TrlmSpark.run(arguments.toArray(String[]::new))).as("exit code").isZero();
    Map<String, JsonNode> rows = new HashMap<>();
    try (Stream<Path> files = Files.walk(output)) {
      for (Path part : files.filter(SmolLm2JobTest::isPart).toList()) {
        for (JsonNode row : lines(part)) {
          assertThat(rows.put(row.get("custom_id").asText(), row)).as("a second row").isNull();
        }
      }
    }
    return rows;
  }

  private static boolean isPart(Path file) {
    return file.getFileName().toString().matches("part-.*\\.json");
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }
}
