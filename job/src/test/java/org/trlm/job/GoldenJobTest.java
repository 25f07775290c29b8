package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The tiny model through the whole job, against the outputs of the reference implementation. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoldenJobTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path scratch;
  private Map<String, Row> answers;

  @BeforeAll
  void runAllPrompts() {
    answers = Jobs.run(Jobs.withPartitions(Jobs.config(Jobs.PROMPTS, scratch.resolve("all")), 3));
  }

  @Test
  void everyRowIsThereOnce() throws IOException {
    assertThat(answers).hasSize(240);
    for (JsonNode prompt : lines(Jobs.PROMPTS)) {
      assertThat(answers.get(prompt.get("id").asText()).<String>getAs("prompt"))
          .isEqualTo(prompt.get("prompt").asText());
    }
  }

  @Test
  void tokensAreThoseOfTheReference() throws IOException {
    int equal = 0;
    List<JsonNode> goldens = lines(Jobs.EXAMPLES.resolve("expected.jsonl"));
    assertThat(goldens).hasSize(60);
    for (JsonNode golden : goldens) {
      String id = golden.get("id").asText();
      Row answer = answers.get(id);
      assertThat(answer.<String>getAs("rendered_prompt"))
          .isEqualTo(golden.get("rendered").asText());
      int near = firstNearTie(golden.get("gap"));
      List<Integer> expected = new ArrayList<>();
      golden.get("token_ids").forEach(token -> expected.add(token.asInt()));
      List<Integer> found = answer.getList(answer.fieldIndex("token_ids"));
      assertThat(found.subList(0, Math.min(near, found.size())))
          .as(id)
          .isEqualTo(expected.subList(0, Math.min(near, expected.size())));
      if (near == Integer.MAX_VALUE) {
        assertThat(answer.<String>getAs("generated_text")).isEqualTo(golden.get("text").asText());
        equal++;
      }
    }
    assertThat(equal).isGreaterThanOrEqualTo(59);
  }

  /** Two correct float32 programs may part where the best two logits are this close. */
  private static int firstNearTie(JsonNode gaps) {
    for (int i = 0; i < gaps.size(); i++) {
      if (gaps.get(i).asDouble() < 0.002) {
        return i;
      }
    }
    return Integer.MAX_VALUE;
  }

  @Test
  void theModelIsRightAsItsCardSays() throws IOException {
    int right = 0;
    for (JsonNode prompt : lines(Jobs.PROMPTS)) {
      String content = answers.get(prompt.get("id").asText()).getAs("content");
      right += prompt.get("answer").asText().equals(content) ? 1 : 0;
    }
    System.out.println("tiny-reasoner: " + right + " of 240 right");
    assertThat(right).isGreaterThanOrEqualTo(216);
  }

  @Test
  void thoughtAndAnswerAreApart() {
    Row answer = answers.get("arithmetic-000");
    assertThat(answer.<String>getAs("reasoning")).startsWith("Line up 037 + 140.").endsWith("177.");
    assertThat(answer.<String>getAs("content")).isEqualTo("177");
    assertThat(answer.<String>getAs("think_state")).isEqualTo("closed");
    assertThat(answer.<String>getAs("status")).isEqualTo("ok");
    assertThat(answer.<String>getAs("finish_reason")).isEqualTo("stop");
    assertThat(answer.<Object>getAs("stop_reason")).isNull();
    assertThat(answer.<Object>getAs("error")).isNull();
    Row usage = answer.getAs("usage");
    int completion = answer.getList(answer.fieldIndex("token_ids")).size();
    assertThat(usage.<Integer>getAs("prompt_tokens")).isEqualTo(47);
    assertThat(usage.<Integer>getAs("completion_tokens")).isEqualTo(completion);
    assertThat(usage.<Integer>getAs("total_tokens")).isEqualTo(47 + completion);
    // all but two tags, a line break, three digits and the end of turn
    assertThat(usage.<Integer>getAs("reasoning_tokens")).isEqualTo(completion - 7);
    Row metrics = answer.getAs("metrics");
    double phases =
        metrics.<Double>getAs("queue_ms")
            + metrics.<Double>getAs("prefill_ms")
            + metrics.<Double>getAs("decode_ms");
    assertThat(metrics.<Double>getAs("e2e_ms")).isCloseTo(phases, within());
    assertThat(metrics.<Double>getAs("tokens_per_second")).isPositive();
    assertThat(metrics.<Integer>getAs("attempt")).isZero();
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-6);
  }

  @Test
  void partitioningAndOrderChangeNothing() throws IOException {
    List<String> shuffled = new ArrayList<>(Files.readAllLines(Jobs.PROMPTS));
    long seed = System.nanoTime();
    System.out.println("shuffled with seed " + seed);
    java.util.Collections.shuffle(shuffled, new Random(seed));
    Path input = Files.write(scratch.resolve("shuffled.jsonl"), shuffled.subList(0, 100));
    for (int partitions : new int[] {1, 8}) {
      Path output = scratch.resolve("partitions-" + partitions);
      Map<String, Row> again =
          Jobs.run(Jobs.withPartitions(Jobs.config(input, output), partitions));
      assertThat(again).hasSize(100);
      assertThat(essence(answers)).containsAllEntriesOf(essence(again));
    }
  }

  @Test
  void samplingIsRepeatedByAnyPartitioning() throws IOException {
    JobConfig sampled =
        Jobs.config(
                Files.write(
                    scratch.resolve("some.jsonl"), Files.readAllLines(Jobs.PROMPTS).subList(0, 24)),
                scratch.resolve("sampled-1"))
            .with(
                JobConfig.SamplingOptions.of(
                    Map.of(
                        "temperature",
                        1.0,
                        "top_p",
                        0.95,
                        "top_k",
                        50,
                        "max_tokens",
                        64,
                        "seed",
                        7L)));
    Map<String, Row> one = Jobs.run(Jobs.withPartitions(sampled, 1));
    JobConfig again =
        sampled.with(
            new JobConfig.OutputOptions(
                scratch.resolve("sampled-5").toString(), JobConfig.Format.PARQUET, true, true));
    assertThat(essence(Jobs.run(Jobs.withPartitions(again, 5)))).isEqualTo(essence(one));
    assertThat(one.values().stream().map(row -> row.<String>getAs("generated_text")).toList())
        .isNotEqualTo(
            one.keySet().stream()
                .map(id -> answers.get(id).<String>getAs("generated_text"))
                .toList());
  }

  /** What must not depend on how the job ran. */
  private static Map<String, List<Object>> essence(Map<String, Row> rows) {
    Map<String, List<Object>> essence = new HashMap<>();
    rows.forEach(
        (id, row) ->
            essence.put(
                id,
                List.of(
                    row.getAs("request_id"),
                    row.getAs("prompt"),
                    row.getAs("generated_text"),
                    row.getList(row.fieldIndex("token_ids")),
                    row.getAs("finish_reason"))));
    return essence;
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }
}
