package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Parquet that is not what a user meant: rows get an error of their own, files stop the job. */
class BadPromptTest {
  private static final String PARAMS =
      "struct<temperature:double,top_p:double,max_tokens:bigint,stop:array<string>>";
  private static final String TURN = "struct<role:string,content:string>";

  @TempDir static Path scratch;
  private static List<Row> rows;

  @BeforeAll
  @Timeout(120)
  static void run() {
    Path input = scratch.resolve("rows.parquet");
    SharedSpark.session()
        .sql(
            String.join(
                " union all ",
                row("twice", "'Add 1 and 2.'", "null", "null"),
                row("twice", "'Add 1 and 2.'", "null", "null"),
                row(null, "'Add 1 and 2.'", "null", "null"),
                row("bytes", "cast(X'416464ff20c3' as string)", "null", "null"),
                row("no-turn", "null", "array(cast(null as " + TURN + "))", "null"),
                row(
                    "half-a-turn",
                    "null",
                    "array(named_struct('role', 'user', 'content', cast(null as string)))",
                    "null"),
                row("words", "repeat('lorem ipsum ', 90000)", "null", "null"),
                row("letters", "repeat('a', 1048576)", "null", "null"),
                row(
                    "turns",
                    "null",
                    "transform(sequence(1, 100000), i -> named_struct('role', 'user', 'content', 'hi'))",
                    "null"),
                row("nan", "'x'", "null", params("double('NaN')", "null", "null", "null")),
                row("top-p", "'x'", "null", params("null", "0", "null", "null")),
                row("none", "'x'", "null", params("null", "null", "0", "null")),
                row("negative", "'x'", "null", params("null", "null", "-5", "null")),
                row("huge", "'x'", "null", params("null", "null", "99999999999", "null")),
                row("stop", "'x'", "null", params("null", "null", "null", "array('')"))))
        .coalesce(1)
        .write()
        .parquet(input.toString());
    JobConfig plain = Jobs.config(input, scratch.resolve("out"));
    JobConfig config =
        plain
            .with(
                new JobConfig.InputOptions(
                    plain.input().paths(),
                    null,
                    "prompt",
                    "messages",
                    "id",
                    "params",
                    List.of(),
                    null))
            .with(JobConfig.SamplingOptions.of(Map.of("temperature", 0.0, "max_tokens", 4)));
    RunSummary summary = BatchInference.run(SharedSpark.session(), config, Jobs.tinyModel());
    assertThat(summary.rows()).isEqualTo(15);
    rows = SharedSpark.session().read().parquet(config.output().path()).collectAsList();
  }

  private static String row(String id, String prompt, String messages, String params) {
    return "select cast(%s as string) as id, cast(%s as string) as prompt, cast(%s as array<%s>) as messages, cast(%s as %s) as params"
        .formatted(id == null ? "null" : "'" + id + "'", prompt, messages, TURN, params, PARAMS);
  }

  private static String params(String temperature, String topP, String maxTokens, String stop) {
    return "named_struct('temperature', %s, 'top_p', %s, 'max_tokens', %s, 'stop', %s)"
        .formatted(temperature, topP, maxTokens, stop);
  }

  private static List<Row> of(String id) {
    return rows.stream().filter(row -> id.equals(row.getAs("id"))).toList();
  }

  @Test
  void rowsOfOneIdAreAllAnswered() {
    assertThat(of("twice")).hasSize(2).allMatch(row -> row.getAs("status").equals("ok"));
    assertThat(of("twice").stream().map(row -> row.getAs("request_id")).collect(Collectors.toSet()))
        .hasSize(2);
  }

  @Test
  void aRowWithoutAnIdGetsTheHashOfItsContent() {
    Row row = rows.stream().filter(found -> found.getAs("id") == null).findFirst().orElseThrow();
    assertThat(row.<String>getAs("status")).isEqualTo("ok");
    assertThat(row.<String>getAs("custom_id")).matches("[0-9a-f]{64}");
  }

  @Test
  void bytesThatAreNoUtf8AreReplaced() {
    Row row = of("bytes").get(0);
    assertThat(row.<String>getAs("status")).isEqualTo("ok");
    assertThat(row.<String>getAs("rendered_prompt")).contains("Add\ufffd \ufffd");
  }

  @Test
  void rowsThatCannotBeAnsweredSayWhy() {
    expect("no-turn", "messages_invalid", "messages[0] is null; expected an object");
    expect("half-a-turn", "messages_invalid", "messages[0].content is missing");
    expect("nan", "params_invalid", "temperature is");
    expect("top-p", "params_invalid", "top_p is 0");
    expect("none", "params_invalid", "max_tokens is 0");
    expect("negative", "params_invalid", "max_tokens is -5");
    expect("huge", "params_invalid", "max_tokens is 99999999999");
    expect("stop", "params_invalid", "stop");
  }

  @Test
  void rowsOfAMegabyteAndOfManyTurnsAreRefused() {
    expect("words", "prompt_too_long", "max_model_len is 1024");
    expect("letters", "prompt_too_long", "max_model_len is 1024");
    Row turns = of("turns").get(0);
    assertThat(Jobs.errorCode(turns)).isIn("prompt_too_long", "template_failed");
    assertThat(Jobs.errorMessage(turns)).hasSizeLessThan(1000);
  }

  private static void expect(String id, String code, String message) {
    assertThat(of(id)).hasSize(1);
    assertThat(Jobs.errorCode(of(id).get(0))).as(id).isEqualTo(code);
    assertThat(Jobs.errorMessage(of(id).get(0))).as(id).contains(message);
  }

  @Test
  void filesThatAreNoParquetStopTheJobBeforeAnyWork() throws IOException {
    byte[] whole = Files.readAllBytes(Jobs.EXAMPLES.resolve("prompts.parquet"));
    refused("zero.parquet", new byte[0]);
    refused("cut.parquet", Arrays.copyOf(whole, whole.length - 20));
    byte[] magic = whole.clone();
    magic[magic.length - 1] = 'X';
    refused("magic.parquet", magic);
  }

  private static void refused(String name, byte[] bytes) throws IOException {
    Path directory = Files.createDirectories(scratch.resolve("in-" + name));
    Files.copy(Jobs.EXAMPLES.resolve("prompts.parquet"), directory.resolve("good.parquet"));
    Files.write(directory.resolve(name), bytes);
    assertRefused(directory, name);
  }

  @Test
  void filesWhoseColumnsDisagreeStopTheJobBeforeAnyWork() {
    Path directory = scratch.resolve("mixed.parquet");
    for (Map.Entry<String, String> part :
        Map.of("a", "'x' as prompt", "b", "7 as prompt").entrySet()) {
      SharedSpark.session()
          .sql("select '1' as id, " + part.getValue())
          .write()
          .mode("append")
          .parquet(directory.toString());
    }
    assertRefused(directory, "prompt");
  }

  private static void assertRefused(Path input, String message) {
    Path output = scratch.resolve("refused-" + input.getFileName());
    assertThatThrownBy(() -> Jobs.run(Jobs.config(input, output)))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("cannot be read as Parquet")
        .hasMessageContaining(message);
    assertThat(output).doesNotExist();
  }

  @Test
  void anEngineThatCannotFitIsRefusedBeforeAnyWork() {
    Path output = scratch.resolve("too-large");
    Cli run =
        Cli.run(
            "generate",
            "--model=" + Jobs.TINY_MODEL,
            "--input=" + Jobs.PROMPTS,
            "--output=" + output,
            "--max-num-seqs=200000");
    assertThat(run.exitCode()).describedAs(run.err()).isEqualTo(2);
    assertThat(run.err())
        .startsWith("Error: the engine needs")
        .contains("max_num_seqs")
        .contains("TRLM_DRIVER_MEMORY")
        .doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }
}
