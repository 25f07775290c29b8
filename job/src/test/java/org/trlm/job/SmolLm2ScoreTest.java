package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command score on the real 135M weights, against the sums that transformers computed in
 * float32 from the same weights for rows of PIQA.
 */
@Tag("real-model")
class SmolLm2ScoreTest {
  private static final int EVERY = 4;
  private static final double TOLERANCE = 0.01;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path scratch;

  @Test
  void choicesOfPiqaAreWorthWhatTransformersSays() throws IOException {
    Map<String, JsonNode> goldens = goldens();
    Path input = scratch.resolve("piqa.jsonl");
    Files.write(input, goldens.values().stream().map(JsonNode::toString).toList());
    Path output = scratch.resolve("scores");
    SharedSpark.session();
    Cli run =
        Cli.run(
            "score",
            "--model=" + RealFiles.smolLm2Gguf(),
            "--input=" + input,
            "--prompt-column=context",
            "--output=" + output,
            "--dtype=float32",
            "--max-num-seqs=32");
    assertThat(run.exitCode()).as(run.err()).isZero();

    double worst = 0;
    List<Row> rows = SharedSpark.session().read().parquet(output.toString()).collectAsList();
    assertThat(rows).hasSameSizeAs(goldens.values());
    for (Row row : rows) {
      JsonNode expected = goldens.get(row.<String>getAs("custom_id")).get("choices");
      List<Row> scores = row.getList(row.fieldIndex("choice_scores"));
      assertThat(scores).hasSize(expected.size());
      for (int i = 0; i < scores.size(); i++) {
        String where = row.getAs("custom_id") + ", choice " + i;
        double sum = expected.get(i).get("logprob").asDouble();
        double found = scores.get(i).getAs("logprob");
        assertThat(found).as(where).isCloseTo(sum, within(TOLERANCE));
        assertThat(scores.get(i).<Integer>getAs("num_tokens"))
            .as(where)
            .isEqualTo(expected.get(i).get("num_tokens").asInt());
        assertThat(scores.get(i).<Boolean>getAs("is_greedy"))
            .as(where)
            .isEqualTo(expected.get(i).get("is_greedy").asBoolean());
        worst = Math.max(worst, Math.abs(found - sum));
      }
    }
    System.out.println(rows.size() + " rows of PIQA, farthest from transformers: " + worst);
  }

  private static Map<String, JsonNode> goldens() throws IOException {
    String lines;
    try (GZIPInputStream in =
        new GZIPInputStream(
            SmolLm2ScoreTest.class.getResourceAsStream("/golden/smollm2_piqa_scores.jsonl.gz"))) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<String, JsonNode> goldens = new LinkedHashMap<>();
    int number = 0;
    for (String line : lines.split("\n")) {
      if (number++ % EVERY == 0) {
        JsonNode golden = JSON.readTree(line);
        goldens.put(golden.get("id").asText(), golden);
      }
    }
    return goldens;
  }
}
