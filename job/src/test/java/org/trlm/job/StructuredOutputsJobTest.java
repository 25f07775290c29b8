package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SamplingOptions;

/** Constraints on the content and budgets of the thought, through the whole job. */
class StructuredOutputsJobTest {
  private static final String CHOICE =
      "{\"choice\": [\"positive\", \"negative\", \"none of them\"]}";
  private static final String REGEX =
      "{\"regex\": \"[A-Z][a-z]{2,8}: (?:[1-9]\\\\d?|no number)!\"}";
  private static final String JSON =
      """
      {"json": {"type": "object", "required": ["label", "count", "tags"], "properties": {
        "label": {"enum": ["good", "bad", null]},
        "count": {"type": "integer", "minimum": 3, "maximum": 117},
        "word": {"type": "string", "maxLength": 8},
        "tags": {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 3}}}}
      """;
  private static final Set<String> LABELS = Set.of("positive", "negative", "none of them");
  private static final Pattern PATTERN =
      Pattern.compile("[A-Z][a-z]{2,8}: (?:[1-9][0-9]?|no number)!");
  private static final int OPEN_THOUGHT = 766;
  private static final int CLOSE_THOUGHT = 767;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void rowsOfAllKindsAreValidAndTheSameInAnotherLayout() throws IOException {
    Path input = rows();
    Map<String, Row> one = run(input, "one", 1, 48);
    Map<String, Row> other = run(input, "other", 5, 7);
    int thoughts = 0;
    Map<String, Integer> finished = new TreeMap<>();
    for (Map.Entry<String, Row> entry : one.entrySet()) {
      Row row = entry.getValue();
      Row twin = other.get(entry.getKey());
      assertThat(Jobs.errorMessage(row)).as(entry.getKey()).isNull();
      assertSame(entry.getKey(), row, twin);
      thoughts += row.getAs("reasoning") != null ? 1 : 0;
      if (row.getAs("finish_reason").equals("stop")) {
        String kind = entry.getKey().substring(0, 5);
        finished.merge(kind, 1, Integer::sum);
        assertValid(kind, row.getAs("content"));
      }
    }
    System.out.println("finished: " + finished + ", with a thought: " + thoughts);
    assertThat(thoughts).isGreaterThan(500);
    assertThat(finished.keySet()).containsExactly("choic", "json ", "regex");
    finished.values().forEach(count -> assertThat(count).isGreaterThan(180));
  }

  private static void assertValid(String kind, String content) throws IOException {
    switch (kind) {
      case "choic" -> assertThat(LABELS).contains(content);
      case "regex" -> assertThat(content).matches(PATTERN);
      default -> {
        JsonNode value = MAPPER.readTree(content);
        assertThat(value.path("label").asText()).isIn("good", "bad", "null");
        assertThat(value.path("count").isIntegralNumber()).isTrue();
        assertThat(value.path("count").intValue()).isBetween(3, 117);
        assertThat(value.path("tags").size()).isBetween(1, 3);
        assertThat(value.path("word").asText("").length()).isLessThanOrEqualTo(8);
      }
    }
  }

  @Test
  void thoughtsKeepToTheirBudgetAndTheAnswerFollows() throws IOException {
    Path input = rowsWithBudgets();
    Map<String, Row> one = run(input, "budgets one", 1, 48);
    Map<String, Row> other = run(input, "budgets other", 4, 5);
    Map<Integer, Integer> spent = new TreeMap<>();
    for (Map.Entry<String, Row> entry : one.entrySet()) {
      String id = entry.getKey();
      Row row = entry.getValue();
      assertThat(Jobs.errorMessage(row)).as(id).isNull();
      assertSame(id, row, other.get(id));
      int budget = Integer.parseInt(id.substring(0, id.indexOf(' ')));
      List<Integer> tokens = row.getList(row.fieldIndex("token_ids"));
      int closed = tokens.indexOf(CLOSE_THOUGHT);
      int opened = tokens.indexOf(OPEN_THOUGHT);
      assertThat(closed).as(id).isGreaterThanOrEqualTo(0);
      int thought = closed - 1 - opened;
      assertThat(thought).as(id).isBetween(0, budget);
      Row usage = row.getAs("usage");
      assertThat(usage.<Integer>getAs("reasoning_tokens")).as(id).isEqualTo(thought);
      assertThat(row.<String>getAs("content")).as(id).isNotBlank();
      assertThat(row.<String>getAs("think_state")).as(id).isEqualTo("closed");
      spent.merge(budget, thought == budget ? 1 : 0, Integer::sum);
    }
    System.out.println("rows that spent their budget: " + spent);
    assertThat(spent.keySet()).containsExactly(0, 1, 5, 20);
    assertThat(spent.values()).allMatch(count -> count >= 5);
  }

  /** 40 rows of each budget, every second one sampled, with room for the answer. */
  private Path rowsWithBudgets() throws IOException {
    List<String> lines = new ArrayList<>();
    List<String> prompts = Files.readAllLines(Jobs.PROMPTS).subList(0, 40);
    for (int budget : List.of(0, 1, 5, 20)) {
      for (int i = 0; i < prompts.size(); i++) {
        Map<String, Object> params =
            Map.of("max_tokens", 60, "temperature", i % 2 * 0.9, "thinking_token_budget", budget);
        String prompt = MAPPER.readTree(prompts.get(i)).get("prompt").textValue();
        Map<String, Object> row =
            Map.of("id", budget + " " + i, "prompt", prompt, "params", params);
        lines.add(MAPPER.writeValueAsString(row));
      }
    }
    return Files.write(directory.resolve("budgets.jsonl"), lines);
  }

  private static void assertSame(String id, Row row, Row twin) {
    for (String column : List.of("generated_text", "finish_reason", "request_id", "token_ids")) {
      assertThat(row.<Object>getAs(column)).as(id).isEqualTo(twin.<Object>getAs(column));
    }
  }

  @Test
  void rowsWithConstraintsThatCannotBeKeptAreErrorsOnTheirOwn() throws IOException {
    Map<String, String> wrong = new TreeMap<>();
    wrong.put("{\"choice\": []}", "at least one string");
    wrong.put("{\"choice\": [\"a\"], \"regex\": \"a\"}", "one of choice");
    wrong.put("{\"regex\": \"a(?=b)\"}", "regular expression, at character 4");
    wrong.put("{\"json\": {\"type\": \"text\"}}", "/type");
    wrong.put(
        "{\"json\": {\"type\": \"object\", \"properties\": {\"n\": {\"multipleOf\": 3}}}}",
        "/properties/n/multipleOf");
    wrong.put(
        "{\"json\": {\"type\": \"integer\", \"minimum\": 4, \"maximum\": 3}}", "no text satisfies");
    List<String> lines = new ArrayList<>();
    for (String outputs : wrong.keySet()) {
      lines.add(row(outputs, outputs));
      lines.add(row("good " + lines.size(), "{\"choice\": [\"yes\"]}"));
    }
    Map<String, Row> rows =
        run(Files.write(directory.resolve("wrong.jsonl"), lines), "wrong", 1, 8);
    assertThat(rows).hasSize(2 * wrong.size());
    rows.forEach(
        (id, row) -> {
          if (id.startsWith("good")) {
            assertThat(row.<String>getAs("content")).as(id).isEqualTo("yes");
          } else {
            assertThat(Jobs.errorCode(row)).as(id).isEqualTo("params_invalid");
            assertThat(Jobs.errorMessage(row))
                .as(id)
                .contains("structured_outputs")
                .contains(wrong.get(id));
          }
        });
  }

  private static String row(String id, String outputs) throws IOException {
    String params =
        "{\"temperature\": 0, \"thinking_token_budget\": 3, \"structured_outputs\": "
            + outputs
            + "}";
    return MAPPER.writeValueAsString(Map.of("id", id, "prompt", "Say yes.", "params", params));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"choice\": \"yes",
        "{\"regex\": \"(\"}",
        "{\"json\": {\"type\": \"array\", \"uniqueItems\": true}}"
      })
  void aJobWithAConstraintThatCannotBeKeptStopsBeforeItsWork(String outputs) {
    Path output = directory.resolve("none");
    Cli run =
        Cli.run(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + Jobs.PROMPTS,
            "--output=" + output,
            "--structured-outputs=" + outputs);
    assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
    assertThat(run.err()).contains("structured");
    assertThat(output).doesNotExist();
  }

  private Map<String, Row> run(Path input, String name, int partitions, int slots) {
    JobConfig config = Jobs.config(input, directory.resolve(name));
    InputOptions options =
        new InputOptions(
            List.of(input.toUri().toString()),
            null,
            "prompt",
            "messages",
            "id",
            "params",
            List.of(),
            null);
    config = config.with(options).with(SamplingOptions.NONE);
    config = config.with(config.engine().withSlots(slots, 64L << 20));
    return Jobs.run(Jobs.withPartitions(config, partitions));
  }

  /** 200 rows of each kind, with parameters that change what is drawn. */
  private Path rows() throws IOException {
    List<String> prompts = new ArrayList<>();
    for (String line : Files.readAllLines(Jobs.PROMPTS).subList(0, 200)) {
      prompts.add(MAPPER.readTree(line).get("prompt").textValue());
    }
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      String outputs = List.of(CHOICE, REGEX, JSON).get(i / 200);
      String kind = List.of("choice", "regex", "json ").get(i / 200);
      String others =
          i % 3 == 0
              ? "\"temperature\": 1.3"
              : i % 3 == 1 ? "\"thinking_token_budget\": " + i % 9 : "\"seed\": 1";
      String params =
          "{\"max_tokens\": 150, " + others + ", \"structured_outputs\": " + outputs + "}";
      Map<String, Object> row =
          Map.of("id", kind + " " + i, "prompt", prompts.get(i % 200), "params", params);
      lines.add(MAPPER.writeValueAsString(row));
    }
    return Files.write(directory.resolve("rows.jsonl"), lines);
  }
}
