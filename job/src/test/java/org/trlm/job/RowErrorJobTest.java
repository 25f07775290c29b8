package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.RunOptions;

/** Every row error, in one job of JSON Lines; the rows between them are answered as ever. */
class RowErrorJobTest {
  private static final String QUESTION = "Find the sum of 37 and 140.";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path scratch;
  private static Map<String, Row> rows;
  private static JobConfig config;

  @BeforeAll
  static void run() throws IOException {
    List<String> lines =
        List.of(
            "{\"id\": \"good-1\", \"prompt\": \"%s\", \"weight\": 1}".formatted(QUESTION),
            "{\"id\": \"null\", \"prompt\": null}",
            "{\"id\": \"blank\", \"prompt\": \" \\n\\t\"}",
            "{\"id\": \"number\", \"prompt\": 12}",
            "{\"id\": \"absent\"}",
            "this is not JSON",
            // Spark would fail on a column of such a type, or end the process
            "{\"id\": \"deep\", \"prompt\": \"%s\", \"nested\": %s1%s}"
                .formatted(QUESTION, "{\"a\": ".repeat(800), "}".repeat(800)),
            "[\"neither\", \"is\", \"this\"]",
            "",
            "{\"id\": \"good-2\", \"messages\": [{\"role\": \"user\", \"content\": \"%s\"}], \"weight\": \"heavy\"}"
                .formatted(QUESTION),
            "{\"id\": \"no-turns\", \"messages\": []}",
            "{\"id\": \"no-role\", \"messages\": [{\"content\": \"hi\"}]}",
            "{\"id\": \"no-content\", \"messages\": [{\"role\": \"user\"}]}",
            "{\"id\": \"not-a-list\", \"messages\": {\"role\": \"user\", \"content\": \"hi\"}}",
            "{\"id\": \"parts\", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Find the sum of\"}, {\"type\": \"text\", \"text\": \"37 and 140.\"}]}]}",
            "{\"id\": \"picture\", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"a.png\"}}]}]}",
            "{\"id\": \"numbers\", \"messages\": [{\"role\": \"user\", \"content\": [\"hi\", 2]}]}",
            // the template adds a string and what is not there
            "{\"id\": \"template\", \"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"x\"}]}]}",
            "{\"id\": \"long\", \"prompt\": \"%s\"}".formatted("one two three ".repeat(200)),
            "{\"id\": \"bad-value\", \"prompt\": \"%s\", \"params\": {\"temperature\": -1}}"
                .formatted(QUESTION),
            "{\"id\": \"bad-name\", \"prompt\": \"%s\", \"params\": {\"temprature\": 1}}"
                .formatted(QUESTION),
            "{\"id\": \"later\", \"prompt\": \"%s\", \"params\": {\"best_of\": 3}}"
                .formatted(QUESTION),
            "{\"id\": \"greedy-cache\", \"prompt\": \"%s\", \"params\": {\"max_tokens\": 900}}"
                .formatted(QUESTION),
            "{\"id\": \"short\", \"prompt\": \"%s\", \"params\": {\"max_new_tokens\": 5}}"
                .formatted(QUESTION),
            "{\"id\": \"stop\", \"prompt\": \"%s\", \"params\": {\"stop\": \"77\"}}"
                .formatted(QUESTION),
            "{\"id\": \"stop-shown\", \"prompt\": \"%s\", \"params\": {\"stop\": [\"77\"], \"include_stop_str_in_output\": true}}"
                .formatted(QUESTION),
            "{\"id\": \"good-1\", \"prompt\": \"%s\", \"weight\": 1}".formatted(QUESTION));
    Path input = Files.write(scratch.resolve("rows.jsonl"), lines);
    JobConfig plain = Jobs.config(input, scratch.resolve("out"));
    InputOptions options = plain.input();
    config =
        plain
            .with(
                new InputOptions(
                    options.paths(), null, "prompt", "messages", "id", "params", List.of(), null))
            .with(new OutputOptions(scratch.resolve("out").toString(), Format.JSONL, true, false))
            // 24 blocks of 16 tokens: a row of 900 tokens never fits
            .with(EngineOptions.DEFAULT.withSlots(4, 24L * 16 * 4 * 2 * 32 * 2 * 4));
    SparkSession spark = SharedSpark.session();
    RunSummary summary = BatchInference.run(spark, config, Jobs.tinyModel());
    assertThat(summary.rows()).isEqualTo(26);
    assertThat(summary.okRows()).isEqualTo(7);
    assertThat(summary.errorRows()).isEqualTo(19);
    rows =
        spark.read().json(config.output().path()).collectAsList().stream()
            .collect(
                java.util.stream.Collectors.toMap(
                    row -> row.<String>getAs("custom_id"), row -> row, (one, two) -> one));
  }

  @Test
  void eachCodeHasItsMessage() {
    expect("null", "prompt_missing", "column prompt is null");
    expect("blank", "prompt_missing", "only white space");
    expect("number", "prompt_missing", "is a number (12)");
    expect("absent", "prompt_missing", "column prompt is null");
    expect("no-turns", "messages_invalid", "empty array");
    expect("no-role", "messages_invalid", "messages[0].role is missing");
    expect("no-content", "messages_invalid", "messages[0].content is missing");
    expect("not-a-list", "messages_invalid", "is an object; expected an array");
    expect(
        "picture", "messages_invalid", "messages[0].content[0] is a part of type image_url, and");
    expect("numbers", "messages_invalid", "messages[0].content[1] is a number; expected {");
    expect("template", "template_failed", "line 1");
    expect("long", "prompt_too_long", "max_model_len is 1024");
    expect(
        "bad-value", "params_invalid", "temperature is -1; allowed: a number, 0 (greedy) to 100");
    expect("bad-name", "params_invalid", "Did you mean temperature?");
    expect("later", "params_invalid", "best_of is not available in this version");
    expect("greedy-cache", "engine_failed", "kv_cache_memory");
  }

  private static void expect(String id, String code, String message) {
    Row row = rows.get(id);
    assertThat(row).as(id).isNotNull();
    assertThat(Jobs.errorCode(row)).as(id).isEqualTo(code);
    assertThat(Jobs.errorMessage(row)).as(id).contains(message);
    assertThat(row.<String>getAs("status")).isEqualTo("error");
    assertThat(row.<Object>getAs("generated_text")).isNull();
    Row error = row.getAs("error");
    assertThat(error.<Boolean>getAs("retryable")).isEqualTo(code.equals("engine_failed"));
  }

  @Test
  void linesThatAreNotObjectsNameFileAndText() {
    List<String> messages =
        rows.values().stream()
            .filter(row -> "input_malformed".equals(Jobs.errorCode(row)))
            .map(Jobs::errorMessage)
            .toList();
    assertThat(messages).hasSize(3).allMatch(message -> message.contains("rows.jsonl"));
    assertThat(messages).anyMatch(message -> message.contains("this is not JSON"));
    assertThat(messages).anyMatch(message -> message.contains("is an array, not a JSON object"));
    assertThat(messages).anyMatch(message -> message.contains("is more than is read"));
  }

  @Test
  void neighboursAreAnsweredAsEver() {
    assertThat(rows.get("good-1").<String>getAs("content")).isEqualTo("177");
    assertThat(rows.get("good-2").<String>getAs("content")).isEqualTo("177");
    assertThat(rows.get("good-1").<String>getAs("weight")).isEqualTo("1");
    assertThat(rows.get("good-2").<String>getAs("weight")).isEqualTo("heavy");
  }

  @Test
  void parametersOfTheRowWin() throws IOException {
    Row shortened = rows.get("short");
    assertThat(shortened.getList(shortened.fieldIndex("token_ids"))).hasSize(5);
    assertThat(shortened.<String>getAs("finish_reason")).isEqualTo("length");
    assertThat(shortened.<String>getAs("think_state")).isEqualTo("unclosed");
    assertThat(shortened.<Object>getAs("content")).isNull();
    JsonNode params = JSON.readTree(shortened.<String>getAs("sampling_params"));
    assertThat(params.get("max_tokens").asInt()).isEqualTo(5);
    assertThat(params.get("temperature").asDouble()).isZero();
    assertThat(List.of(shortened.schema().fieldNames())).doesNotContain("params");
  }

  @Test
  void aStopStringEndsTheText() {
    Row stopped = rows.get("stop");
    assertThat(stopped.<String>getAs("generated_text")).endsWith("</think>\n1");
    assertThat(stopped.<String>getAs("stop_reason")).isEqualTo("77");
    assertThat(stopped.<String>getAs("finish_reason")).isEqualTo("stop");
    assertThat(rows.get("stop-shown").<String>getAs("generated_text")).endsWith("</think>\n177");
  }

  @Test
  void identicalRowsKeepTheirOwnIdentity() {
    List<String> ids =
        SharedSpark.session()
            .read()
            .json(config.output().path())
            .filter("custom_id = 'good-1'")
            .select("request_id")
            .as(org.apache.spark.sql.Encoders.STRING())
            .collectAsList();
    assertThat(ids).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  void jsonLinesCarryEveryFieldAndAreNotCompressed() throws IOException {
    List<String> fields = new ArrayList<>(List.of("id", "messages", "prompt", "weight"));
    fields.addAll(List.of(org.trlm.job.output.ResponseSchema.RESPONSE.fieldNames()));
    try (var files = Files.walk(Path.of(config.output().path()))) {
      List<Path> parts =
          files.filter(file -> file.getFileName().toString().startsWith("part-")).toList();
      assertThat(parts).isNotEmpty().allMatch(file -> file.toString().endsWith(".json"));
      for (String line : Files.readAllLines(parts.get(0))) {
        List<String> found = new ArrayList<>();
        JSON.readTree(line).fieldNames().forEachRemaining(found::add);
        assertThat(found).containsExactlyElementsOf(fields);
      }
    }
  }

  @Test
  void longPromptsAreSkippedOrCutWhenAsked() throws IOException {
    Path input =
        Files.writeString(
            scratch.resolve("long.jsonl"),
            "{\"id\": \"long\", \"prompt\": \"%s\"}%n".formatted("one two three ".repeat(200)));
    for (PromptTooLong policy : List.of(PromptTooLong.SKIP, PromptTooLong.TRUNCATE_LEFT)) {
      JobConfig job =
          Jobs.config(input, scratch.resolve("long-" + policy))
              .with(new RunOptions(null, 1, 1, policy, false, false));
      Row row = Jobs.run(job).get("long");
      Row usage = row.getAs("usage");
      if (policy == PromptTooLong.SKIP) {
        assertThat(row.<String>getAs("status")).isEqualTo("skipped");
        assertThat(Jobs.errorCode(row)).isEqualTo("prompt_too_long");
      } else {
        assertThat(row.<String>getAs("status")).isEqualTo("ok");
        assertThat(usage.<Integer>getAs("prompt_tokens")).isEqualTo(1024 - 128);
      }
    }
  }

  @Test
  void columnsOfTheWrongTypeAreRefusedBeforeAnyWork() {
    Path input = scratch.resolve("binary.parquet");
    SharedSpark.session()
        .sql("select 'a' as id, cast('x' as binary) as prompt")
        .write()
        .parquet(input.toString());
    assertThatThrownBy(() -> Jobs.run(Jobs.config(input, scratch.resolve("binary-out"))))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("column prompt is binary; expected: string");
    assertThat(scratch.resolve("binary-out")).doesNotExist();
  }

  @Test
  void missingColumnsAndBrokenFilesAreRefusedBeforeAnyWork() throws IOException {
    Path other = scratch.resolve("other.parquet");
    SharedSpark.session().sql("select 'a' as text").write().parquet(other.toString());
    assertThatThrownBy(() -> Jobs.run(Jobs.config(other, scratch.resolve("other-out"))))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("neither a column prompt nor a column messages. Found: text string");
    Path broken = Files.writeString(scratch.resolve("broken.parquet"), "PAR1 but nothing else");
    assertThatThrownBy(() -> Jobs.run(Jobs.config(broken, scratch.resolve("broken-out"))))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("broken.parquet");
  }

  @Test
  void anEmptyInputIsAnEmptyOutputWithItsSchema() throws IOException {
    Path input = scratch.resolve("empty.parquet");
    SharedSpark.session()
        .sql("select 'a' as id, 'b' as prompt where false")
        .write()
        .parquet(input.toString());
    JobConfig job = Jobs.config(input, scratch.resolve("empty-out"));
    assertThat(Jobs.run(job)).isEmpty();
    assertThat(SharedSpark.session().read().parquet(job.output().path()).columns())
        .startsWith("id", "prompt", "custom_id")
        .endsWith("created_at", "wave");
    Path nothing = Files.createFile(scratch.resolve("nothing.jsonl"));
    assertThat(Jobs.run(Jobs.config(nothing, scratch.resolve("nothing-out")))).isEmpty();
  }
}
