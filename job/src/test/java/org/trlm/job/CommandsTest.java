package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.model.TinyGguf;
import org.trlm.tokenizer.Tokenizer;

/** The commands from words to files, in the shared session. */
class CommandsTest {
  private static final String MODEL = Jobs.TINY_MODEL.toString();
  private static final String PROMPTS = Jobs.EXAMPLES.resolve("prompts.parquet").toString();

  @TempDir Path directory;

  @BeforeAll
  static void session() {
    SharedSpark.session();
  }

  @Test
  void tokenizeWritesIdsAndCounts() {
    String output = directory.resolve("tokens").toString();
    Cli run =
        Cli.run(
            "tokenize",
            "--model",
            MODEL,
            "--input",
            PROMPTS,
            "--output",
            output,
            "--limit",
            "20",
            "--include-rendered-prompt");
    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    List<Row> rows = SharedSpark.session().read().parquet(output).collectAsList();
    assertThat(rows).hasSize(20);
    assertThat(rows.get(0).schema().fieldNames())
        .containsExactly(
            "id",
            "task",
            "prompt",
            "answer",
            "custom_id",
            "token_ids",
            "num_tokens",
            "rendered_prompt",
            "status",
            "error");
    Tokenizer tokenizer = Jobs.tinyModel().tokenizer();
    for (Row row : rows) {
      List<Integer> ids = row.getList(row.fieldIndex("token_ids"));
      String rendered = row.getAs("rendered_prompt");
      assertThat(row.<String>getAs("status")).isEqualTo("ok");
      assertThat(row.<Row>getAs("error")).isNull();
      assertThat(row.<String>getAs("custom_id")).isEqualTo(row.<String>getAs("id"));
      assertThat(rendered).contains(row.<String>getAs("prompt")).contains("<|im_start|>");
      assertThat(row.<Integer>getAs("num_tokens")).isEqualTo(ids.size());
      assertThat(ids.stream().mapToInt(Integer::intValue).toArray())
          .isEqualTo(tokenizer.encode(rendered));
    }
  }

  @Test
  void tokenizeGivesErrorRowsAndRenamesClashingColumns() throws IOException {
    Path input =
        lines(
            "{\"id\":\"a\",\"prompt\":\"one\",\"status\":\"mine\"}",
            "{\"id\":\"b\",\"prompt\":null}",
            "{\"id\":\"c\",\"messages\":[{\"role\":\"user\",\"content\":\"one\"}]}",
            "not json");
    String output = directory.resolve("out").toString();
    Cli run =
        Cli.run(
            "tokenize",
            "--model",
            MODEL,
            "--input",
            input.toString(),
            "--output",
            output,
            "--output-format",
            "jsonl",
            "--partitions",
            "2");
    assertThat(run.exitCode()).describedAs(run.err()).isZero();
    List<Row> rows = SharedSpark.session().read().json(output).collectAsList();
    assertThat(rows).hasSize(4);
    Map<String, Row> byId =
        rows.stream().collect(Collectors.toMap(row -> row.getAs("custom_id"), Function.identity()));
    assertThat(byId.get("a").<String>getAs("input_status")).isEqualTo("mine");
    int ids = byId.get("a").fieldIndex("token_ids");
    assertThat(byId.get("a").getList(ids)).isEqualTo(byId.get("c").getList(ids)).isNotEmpty();
    assertThat(byId.get("b").<Row>getAs("error").<String>getAs("code")).isEqualTo("prompt_missing");
    assertThat(byId.get("b").<String>getAs("status")).isEqualTo("error");
    assertThat(byId.get("b").<Object>getAs("num_tokens")).isNull();
    assertThat(rows.stream().filter(row -> "input_malformed".equals(Jobs.errorCode(row))))
        .hasSize(1);
  }

  @Test
  void tokenizeOfPlainTextAddsNoTemplate() throws IOException {
    Path input = lines("{\"id\":\"a\",\"prompt\":\"<|im_start|>user\"}");
    String output = directory.resolve("out").toString();
    Cli.run(
        "tokenize",
        "--model",
        MODEL,
        "--input",
        input.toString(),
        "--output",
        output,
        "--no-chat-template");
    Row row = SharedSpark.session().read().parquet(output).first();
    assertThat(row.<Integer>getList(row.fieldIndex("token_ids")).get(0)).isEqualTo(1);
  }

  @Test
  void inspectSaysWhatTheModelIs() {
    Cli run = Cli.run("inspect", "--model", MODEL);
    assertThat(run.exitCode()).describedAs(run.err()).isZero();
    assertThat(run.out())
        .contains("Llama: 4 layers, hidden 128, intermediate 384, 4 heads over 2")
        .contains("vocabulary 768 (tied embeddings)")
        .contains("parameters        885,888")
        .contains("38 BF16")
        .contains("computed in       bfloat16")
        .contains("2 <|im_end|>")
        .contains("<think> 766, </think> 767")
        .contains("temperature 0.6, top_p 0.95")
        .contains(Jobs.tinyModel().fingerprint())
        .doesNotContain("Input");
  }

  @Test
  void inspectCountsRowsErrorsAndTokens() throws IOException {
    Path input =
        lines(
            "{\"id\":1,\"prompt\":\"one\",\"p\":{\"max_tokens\":10}}",
            "{\"id\":2,\"prompt\":\"one two three four five six seven\",\"p\":{\"max_tokens\":20}}",
            "{\"id\":3,\"prompt\":\"  \"}",
            "{\"id\":4,\"prompt\":\"x\",\"p\":{\"max_tokens\":0}}",
            "{\"id\":6,\"prompt\":\"x\",\"p\":{\"structured_outputs\":{\"regex\":\"(?=a)b\"}}}",
            // generate looks at the parameters first
            "{\"id\":7,\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"x\"}]}],\"p\":{\"n\":0}}",
            "{\"id\":5,\"prompt\":\"" + "word ".repeat(3000) + "\"}");
    Cli run =
        Cli.run("inspect", "--model", MODEL, "--input", input.toString(), "--params-column", "p");
    assertThat(run.exitCode()).describedAs(run.err()).isZero();
    assertThat(run.out())
        .contains("rows              7")
        .contains("3 params_invalid, 1 prompt_missing, 1 prompt_too_long")
        .contains("at most 30 ")
        .containsPattern("prompt tokens +\\d+ in all; a row: min \\d+, median \\d+, p95 \\d+, max")
        .containsPattern(
            "executor heap +files \\+ weights \\+ tasks x engine / 0.6: [\\d.]+ MiB for 1")
        .containsPattern(
            "estimate +\\d+ generated tokens \\(\\d+\\.\\d a row\\), 0:00:\\d\\d on 2 tasks")
        .containsPattern("measured on +\\d rows drawn at random, 2 tasks, ");
    assertThat(directory.resolve("out")).doesNotExist();
  }

  @Test
  void aDryRunCutsPromptsAsTheRunWould() throws IOException {
    Path input = lines("{\"id\":1,\"prompt\":\"" + "word ".repeat(3000) + "\"}");
    JobConfig config = Jobs.config(input, directory.resolve("out"));
    for (PromptTooLong policy : PromptTooLong.values()) {
      JobConfig asked = config.with(new JobConfig.RunOptions(null, null, 1, policy, true, false));
      InputReport report = InputReport.of(SharedSpark.session(), asked, Jobs.tinyModel());
      assertThat(report.rows()).isEqualTo(1);
      assertThat(report.answerableRows())
          .as(policy.word())
          .isEqualTo(policy == PromptTooLong.TRUNCATE_LEFT ? 1 : 0);
    }
  }

  @Test
  void generateAnswersShowsAndCounts() {
    String output = directory.resolve("answers[1]").toString();
    Cli run =
        Cli.run(
            "generate",
            "--model",
            MODEL,
            "--input",
            PROMPTS,
            "--output",
            output,
            "--prompt-column",
            "task",
            "--limit",
            "3",
            "--temperature",
            "0",
            "--include-token-ids",
            "--show",
            "1",
            "--kv-cache-memory",
            "32m",
            "--max-num-seqs",
            "8");
    assertThat(run.exitCode()).describedAs(run.err()).isZero();
    assertThat(run.out()).containsPattern("question: \\w+\\R");
    assertThat(run.out()).contains("thought:").contains("answer:");
    assertThat(run.out()).contains("tokens/s");
    List<Row> rows =
        SharedSpark.session()
            .read()
            .option("__globPaths__", "false")
            .parquet(output)
            .collectAsList();
    assertThat(rows).hasSize(3).allMatch(row -> row.getAs("status").equals("ok"));
    assertThat(rows).allMatch(row -> !row.getList(row.fieldIndex("token_ids")).isEmpty());

    Cli again = Cli.run("generate", "--model", MODEL, "--input", PROMPTS, "--output", output);
    assertThat(again.exitCode()).isEqualTo(2);
    assertThat(again.err()).contains("was written with another configuration: temperature");
  }

  @Test
  void aGgufFileOfTheSameWeightsGivesTheSameAnswers() throws IOException {
    Path gguf = directory.resolve("tiny.gguf");
    TinyGguf.write(Jobs.TINY_MODEL, gguf);
    assertThat(answers(gguf.toString(), "gguf")).isEqualTo(answers(MODEL, "directory"));
  }

  private List<String> answers(String model, String name) {
    String output = directory.resolve(name).toString();
    Cli run =
        Cli.run(
            "generate",
            "--model",
            model,
            "--input",
            PROMPTS,
            "--output",
            output,
            "--limit",
            "2",
            "--temperature",
            "0",
            "--max-tokens",
            "40",
            "--kv-cache-memory",
            "32m",
            "--max-num-seqs",
            "8");
    assertThat(run.exitCode()).describedAs(run.err()).isZero();
    List<String> answers =
        SharedSpark.session()
            .read()
            .parquet(output)
            .orderBy("custom_id")
            .select("generated_text")
            .as(Encoders.STRING())
            .collectAsList();
    assertThat(answers).hasSize(2).allMatch(text -> text.contains("<think>"));
    return answers;
  }

  @Test
  void tooManyErrorRowsFailAtTheEnd() throws IOException {
    Path input = lines("{\"id\":1,\"prompt\":\"\"}", "{\"id\":2,\"prompt\":\"\"}");
    Path output = directory.resolve("answers");
    Cli run =
        Cli.run(
            "generate",
            "--model",
            MODEL,
            "--input",
            input.toString(),
            "--output",
            output.toString(),
            "--max-error-rate",
            "0.5",
            "--kv-cache-memory",
            "32m",
            "--max-num-seqs",
            "8");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("2 of 2 rows are error rows; --max-error-rate allows");
    assertThat(output.resolve("_SUCCESS")).exists();
  }

  @Test
  void dryRunReportsAndWritesNothing() {
    Path output = directory.resolve("answers");
    Cli run =
        Cli.run(
            "generate",
            "--model",
            MODEL,
            "--input",
            PROMPTS,
            "--output",
            output.toString(),
            "--dry-run");
    assertThat(run.exitCode()).describedAs(run.err()).isZero();
    assertThat(run.out()).contains("Model ").contains("rows              240").contains("none");
    assertThat(output).doesNotExist();
  }

  @Test
  void wrongInputsAreRefusedBeforeWork() throws IOException {
    assertRefused("no-such-input", directory.resolve("none.parquet").toString());
    Path text = Files.writeString(directory.resolve("prompts.txt"), "hello");
    assertRefused("--input-format", text.toString());
    Path other = directory.resolve("other.parquet");
    SharedSpark.session().range(3).write().parquet(other.toString());
    assertRefused("id bigint", other.toString());
    Path broken = Files.writeString(directory.resolve("broken.parquet"), "PAR1 not parquet");
    assertRefused("broken.parquet", broken.toString());
    assertRefused("no column missing", PROMPTS, "--params-column", "missing");
    // lines may lack a column, but one that no line has was mistyped
    String lines = Jobs.PROMPTS.toString();
    assertRefused("no column taks, which --id-column names", lines, "--id-column", "taks");
    assertRefused(
        "no column parms, which --params-column names", lines, "--params-column", "parms");
    assertRefused(
        "no column top_p, which --param-columns names", lines, "--param-columns", "top_p");
  }

  @Test
  void aDamagedFileIsNamedWheneverItIsFound() throws IOException {
    byte[] compressed = Files.readAllBytes(gzip("id,prompt\n" + "a,Add 1.\n".repeat(5000)));
    Path cut = directory.resolve("cut.csv.gz");
    Files.write(cut, Arrays.copyOf(compressed, compressed.length / 2));
    assertRefused("cut.csv.gz", cut.toString());

    byte[] pages = Files.readAllBytes(Path.of(PROMPTS));
    // the footer is right and the first pages are not
    Arrays.fill(pages, 4, 2000, (byte) 0xff);
    Path damaged = Files.write(directory.resolve("damaged.parquet"), pages);
    for (String rowsPerWave : List.of("1000", "10")) {
      Path output = directory.resolve("damaged-" + rowsPerWave);
      Cli run =
          Cli.run(
              "generate",
              "--model=" + MODEL,
              "--input=" + damaged,
              "--output=" + output,
              "--rows-per-wave=" + rowsPerWave);
      assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
      assertThat(run.err())
          .startsWith("Failed: ")
          .contains("damaged.parquet")
          .doesNotContain("--output", "\tat ");
      assertThat(output.resolve("_SUCCESS")).doesNotExist();
    }
  }

  private Path gzip(String text) throws IOException {
    Path file = directory.resolve("whole.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  private void assertRefused(String message, String input, String... more) {
    Path output = directory.resolve("refused");
    List<String> arguments =
        new java.util.ArrayList<>(
            List.of("generate", "--model", MODEL, "--input", input, "--output", output.toString()));
    arguments.addAll(Arrays.asList(more));
    Cli run = Cli.run(arguments.toArray(String[]::new));
    assertThat(run.exitCode()).describedAs(run.err()).isEqualTo(2);
    if (!message.equals("no-such-input")) {
      assertThat(run.err()).contains(message);
    }
    assertThat(run.err()).startsWith("Error: ").doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }

  @Test
  void wrongModelsAndValuesAreRefusedBeforeWork() {
    Cli missing = Cli.run("inspect", "--model", directory.resolve("none").toString());
    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.err()).contains("does not exist");
    Cli hot = Cli.run("inspect", "--model", MODEL, "--temperature", "-1");
    assertThat(hot.exitCode()).isEqualTo(2);
    assertThat(hot.err()).contains("temperature is -1.0; allowed: ");
    Cli wide = Cli.run("inspect", "--model", MODEL, "--max-model-len", "5000");
    assertThat(wide.exitCode()).isEqualTo(2);
    assertThat(wide.err()).contains("5000").contains("1024");
    Cli narrow = Cli.run("inspect", "--model", MODEL, "--kv-cache-memory", "1k");
    assertThat(narrow.exitCode()).isEqualTo(2);
    assertThat(narrow.err()).startsWith("Error: kv_cache_memory is 1024 bytes");
    Cli verbose = Cli.run("inspect", "--model", MODEL, "--temperature", "-1", "--verbose");
    assertThat(verbose.err()).contains("\tat ");
  }

  private Path lines(String... lines) throws IOException {
    return Files.write(directory.resolve("prompts.jsonl"), List.of(lines));
  }
}
