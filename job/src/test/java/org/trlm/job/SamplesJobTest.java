package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.SamplingOptions;

/** Several samples a row, with penalties and log-probabilities, in two layouts of the same job. */
class SamplesJobTest {
  private static final long SEED = 20260402;
  private static final int ROWS = 24;
  private static final int MAX_TOKENS = 20;

  @TempDir static Path scratch;

  private static List<String> input;
  private static Map<String, Row> one;

  @BeforeAll
  static void answer() throws IOException {
    input = Files.readAllLines(Path.of("..", "examples", "prompts.jsonl")).subList(0, ROWS);
    one = run("one", input, 1, options(MAX_TOKENS));
  }

  private static Map<String, Serializable> options(int maxTokens) {
    Map<String, Serializable> options = new TreeMap<>();
    options.put("n", 3);
    options.put("temperature", 3.0);
    options.put("seed", 11L);
    options.put("max_tokens", maxTokens);
    options.put("repetition_penalty", 1.1);
    options.put("presence_penalty", 0.3);
    options.put("logprobs", 2);
    options.put("prompt_logprobs", 1);
    options.put("bad_words", new ArrayList<>(List.of("so")));
    return options;
  }

  @Test
  void everyRowHasItsSamples() {
    assertThat(one).hasSize(ROWS * 3);
    assertThat(one.values().stream().map(row -> row.getAs("request_id")).distinct().count())
        .isEqualTo(ROWS * 3L);
    long different =
        one.entrySet().stream()
            .filter(entry -> entry.getKey().endsWith("#0"))
            .filter(
                entry -> {
                  Row second = one.get(entry.getKey().replace("#0", "#1"));
                  return !text(entry.getValue()).equals(text(second));
                })
            .count();
    assertThat(different).isGreaterThan(ROWS / 3);
    // one of the samples of a prompt computes it
    long shared = one.values().stream().filter(row -> cached(row) == prompt(row) - 1).count();
    assertThat(shared).isGreaterThanOrEqualTo(ROWS * 2L);
  }

  @Test
  void anotherLayoutGivesTheSameSamples() {
    List<String> shuffled = new ArrayList<>(input);
    Collections.shuffle(shuffled, new Random(SEED));
    Map<String, Row> five = run("five", shuffled, 5, options(MAX_TOKENS));
    assertThat(essence(five)).isEqualTo(essence(one));
  }

  @Test
  void moreTokensOnlyContinueASample() {
    Map<String, Row> longer = run("longer", input, 2, options(2 * MAX_TOKENS));
    int continued = 0;
    for (Map.Entry<String, Row> entry : one.entrySet()) {
      List<Integer> ids = entry.getValue().getList(entry.getValue().fieldIndex("token_ids"));
      Row other = longer.get(entry.getKey());
      List<Integer> more = other.getList(other.fieldIndex("token_ids"));
      assertThat(more.subList(0, ids.size())).as(entry.getKey()).isEqualTo(ids);
      continued += more.size() > ids.size() ? 1 : 0;
    }
    assertThat(continued).isGreaterThan(0);
  }

  @Test
  void logprobsHaveTheirShape() {
    for (Row row : one.values()) {
      List<Row> content = row.<Row>getAs("logprobs").getList(0);
      List<Integer> ids = row.getList(row.fieldIndex("token_ids"));
      assertThat(content).hasSameSizeAs(ids);
      double sum = 0;
      for (int i = 0; i < ids.size(); i++) {
        check(content.get(i), 2);
        assertThat(content.get(i).<Integer>getAs("token_id")).isEqualTo(ids.get(i));
        sum += content.get(i).<Double>getAs("logprob");
      }
      assertThat(row.<Double>getAs("cumulative_logprob")).isCloseTo(sum, within(1e-9));
      List<Row> prompt = row.getList(row.fieldIndex("prompt_logprobs"));
      assertThat(prompt).hasSize(prompt(row));
      assertThat(prompt.get(0)).isNull();
      prompt.subList(1, prompt.size()).forEach(entry -> check(entry, 1));
      // greedy thoughts end in ", so <answer>."; other tokens may still spell the word
      for (String word : List.of("so", " so")) {
        List<Integer> banned =
            Arrays.stream(Jobs.tinyModel().tokenizer().encode(word)).boxed().toList();
        assertThat(Collections.indexOfSubList(ids, banned)).as(text(row)).isEqualTo(-1);
      }
    }
  }

  private static void check(Row entry, int alternatives) {
    double logprob = entry.<Double>getAs("logprob");
    assertThat(logprob).isLessThanOrEqualTo(0);
    List<Row> top = entry.getList(entry.fieldIndex("top_logprobs"));
    assertThat(top).hasSize(alternatives);
    double most = top.get(0).<Double>getAs("logprob");
    assertThat(logprob).isLessThanOrEqualTo(most);
    List<Integer> bytes = entry.getList(entry.fieldIndex("bytes"));
    byte[] text = new byte[bytes.size()];
    for (int i = 0; i < text.length; i++) {
      text[i] = bytes.get(i).byteValue();
    }
    assertThat(new String(text, StandardCharsets.UTF_8)).isEqualTo(entry.<String>getAs("token"));
  }

  private static Map<String, Row> run(
      String name, List<String> lines, int partitions, Map<String, Serializable> options) {
    Path file = scratch.resolve(name + ".jsonl");
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    JobConfig config = Jobs.config(file, scratch.resolve(name)).with(SamplingOptions.of(options));
    BatchInference.run(
        SharedSpark.session(), Jobs.withPartitions(config, partitions), Jobs.tinyModel());
    Map<String, Row> rows = new LinkedHashMap<>();
    SharedSpark.session()
        .read()
        .parquet(config.output().path())
        .collectAsList()
        .forEach(row -> rows.put(row.getAs("custom_id") + "#" + row.getAs("sample_index"), row));
    return rows;
  }

  /** What a layout must not change. */
  private static Map<String, String> essence(Map<String, Row> rows) {
    Map<String, String> essence = new TreeMap<>();
    rows.forEach(
        (key, row) ->
            essence.put(
                key,
                String.join(
                    " ",
                    row.<String>getAs("request_id"),
                    row.getAs("token_ids").toString(),
                    row.<String>getAs("finish_reason"),
                    row.getAs("logprobs").toString(),
                    row.getAs("prompt_logprobs").toString())));
    return essence;
  }

  private static String text(Row row) {
    return row.getAs("generated_text");
  }

  private static int cached(Row row) {
    return row.<Row>getAs("usage").getAs("cached_tokens");
  }

  private static int prompt(Row row) {
    return row.<Row>getAs("usage").getAs("prompt_tokens");
  }
}
