package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.Cli;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SourceFormat;
import org.trlm.job.JobException;
import org.trlm.job.SharedSpark;
import org.trlm.job.output.RowError;

/** What becomes of the rows of each kind of input, and what is said of inputs that cannot be. */
class InputSourcesTest {
  @TempDir Path directory;

  private static InputOptions options(SourceFormat format, List<String> params, String... paths) {
    return new InputOptions(List.of(paths), format, "prompt", "messages", "id", null, params, null);
  }

  private static PromptTable open(SourceFormat format, String... paths) {
    return PromptTable.open(SharedSpark.session(), options(format, List.of(), paths));
  }

  private static Map<String, PromptRow> read(PromptTable table) {
    Map<String, PromptRow> rows = new TreeMap<>();
    for (Row row : table.rows().collectAsList()) {
      PromptRow read = table.reader().read(row);
      assertThat(rows.put(read.customId(), read)).as("second row of an id").isNull();
    }
    return rows;
  }

  private String write(String name, String... lines) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, List.of(lines));
    return file.toUri().toString();
  }

  private String parquet(String name, String... selects) {
    String path = "file:" + directory.resolve(name);
    SharedSpark.session()
        .sql(String.join(" union all ", selects))
        .coalesce(1)
        .write()
        .mode("append")
        .parquet(path);
    return path;
  }

  @Test
  void directoriesNamedAfterColumnsAreColumns() {
    String table = "file:" + directory.resolve("table");
    SharedSpark.session()
        .sql(
            "select 'a' id, 'one' prompt, 'de' lang, 1 day union all select 'b', 'two', 'en', 2"
                + " union all select 'c', 'three', 'en', 3")
        .write()
        .partitionBy("lang", "day")
        .parquet(table);

    PromptTable whole = open(null, table);
    assertThat(whole.columns().fieldNames()).containsExactly("id", "prompt", "lang", "day");
    assertThat(read(whole)).containsOnlyKeys("a", "b", "c");

    PromptTable one = open(null, table + "/lang=en/day=2");
    assertThat(one.columns().fieldNames()).containsExactly("id", "prompt", "lang", "day");
    assertThat(read(one)).containsOnlyKeys("b");

    PromptTable several = open(null, table + "/lang=*/day=[12]", table + "/lang=en/day=3");
    assertThat(read(several)).containsOnlyKeys("a", "b", "c");
    assertThat(several.rows().filter("lang = 'en'").count()).isEqualTo(2);
  }

  @Test
  void tablesOfSeveralPlacesAreReadAsOne() {
    parquet("east/day=1", "select 'a' id, 'one' prompt");
    parquet("west/day=1", "select 'b' id, 'two' prompt, 7 extra");
    String plain = parquet("plain [new] {x}", "select 'c' id, 'three' prompt");
    String root = "file:" + directory + "/";
    PromptTable table =
        open(
            SourceFormat.PARQUET,
            root + "east",
            root + "west",
            plain.replaceAll("([\\[\\]{}])", "\\\\$1"));
    assertThat(table.columns().fieldNames()).containsExactly("id", "prompt", "day", "extra");
    assertThat(read(table)).containsOnlyKeys("a", "b", "c");
  }

  @Test
  void columnsThatDisagreeBetweenPlacesAreNamed() {
    String first = parquet("first", "select 'a' id, 'one' prompt, 7 rank");
    String second = parquet("second", "select 'b' id, 'two' prompt, 'x' rank");
    assertThatThrownBy(() -> open(null, first, second))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("column rank is string, in another input it is int");
  }

  @Test
  void aTableOfTheCatalogIsReadByItsName() {
    parquet("rows", "select 'a' id, 'one' prompt");
    SharedSpark.session().sql("create database if not exists inputs");
    SharedSpark.session()
        .sql(
            "create table inputs.prompts using parquet location 'file:%s'"
                .formatted(directory.resolve("rows")));
    assertThat(read(open(null, "table:inputs.prompts"))).containsOnlyKeys("a");
    assertThatThrownBy(() -> open(null, "table:inputs.prompt"))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("table:inputs.prompt cannot be read")
        .hasMessageContaining("Check the name");
    assertThatThrownBy(() -> open(SourceFormat.CSV, "table:inputs.prompts"))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("is table by its prefix, but --input-format is csv");
  }

  @Test
  void csvIsReadAsSpreadsheetsWriteIt() throws IOException {
    String file =
        write(
            "prompts.csv",
            "\uFEFFid,prompt,temperature,stop,note",
            "007,\"Say \"\"hi\"\", then",
            "stop\",0.5,\"[\"\"END\"\"]\",C:\\dir\\",
            "b,plain,,,",
            "c,too,many,fields,in,this,row",
            "d,too few");
    PromptTable table =
        PromptTable.open(
            SharedSpark.session(), options(null, List.of("temperature", "stop"), file));
    assertThat(table.columns().fieldNames())
        .containsExactly("id", "prompt", "temperature", "stop", "note");
    Map<String, PromptRow> rows = read(table);
    assertThat(rows).hasSize(4).containsKeys("007", "b");
    assertThat(rows.get("007").prompt()).isEqualTo("Say \"hi\", then\nstop");
    assertThat(rows.get("007").params())
        .containsEntry("temperature", 0.5)
        .containsEntry("stop", List.of("END"));
    assertThat(rows.get("b").params()).isNull();
    assertThat(table.rows().filter("id = '007'").first().<String>getAs("note"))
        .isEqualTo("C:\\dir\\");
    List<RowError> errors =
        rows.values().stream().map(PromptRow::error).filter(error -> error != null).toList();
    assertThat(errors)
        .hasSize(2)
        .allMatch(error -> error.code() == RowError.Code.INPUT_MALFORMED)
        .allMatch(error -> error.message().contains("prompts.csv: a line does not have as many"));
  }

  @Test
  void csvFilesWithOtherHeadersAreNotReadByPosition() throws IOException {
    write("files/a.csv", "id,prompt", "a,one");
    write("files/b.csv", "prompt,id", "two,b");
    PromptTable table = open(null, directory.resolve("files").toUri().toString());
    assertThatThrownBy(() -> table.rows().count()).hasStackTraceContaining(".csv");
  }

  /** As pandas writes its index, and spreadsheets with two columns of one name. */
  @Test
  void csvColumnsWithoutANameOfTheirOwnAreKept() throws IOException {
    write("pandas/a.csv", ",prompt,note,note", "0,one,x,y", "1,two,z");
    write("pandas/b.csv", ",prompt,note,note", "0,three,x,y");
    write("pandas/empty.csv", ",prompt,note,note");
    String files = directory.resolve("pandas").toUri() + "*.csv";
    PromptTable table = open(null, files);
    assertThat(table.columns().fieldNames()).containsExactly("_c0", "prompt", "note2", "note3");
    assertThat(
            table.rows().filter("_c0 = '0'").select("prompt").as(Encoders.STRING()).collectAsList())
        .containsExactlyInAnyOrder("one", "three");
    assertThat(read(table).values()).hasSize(3).filteredOn(row -> row.error() != null).hasSize(1);

    write("pandas/c.csv", "prompt,,note,note", "four,0,x,y");
    assertThatThrownBy(() -> open(null, files))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("c.csv has another header than ");
  }

  @Test
  void emptyInputsAreTablesWithoutRows() throws IOException {
    Path nothing = Files.createDirectories(directory.resolve("nothing"));
    for (SourceFormat format :
        List.of(
            SourceFormat.PARQUET,
            SourceFormat.JSONL,
            SourceFormat.CSV,
            SourceFormat.OPENAI_BATCH)) {
      PromptTable table = open(format, nothing.toUri().toString());
      assertThat(table.rows().count()).as(format.word()).isZero();
    }
    assertThat(open(null, write("header.csv", "id,prompt")).rows().count()).isZero();
    Files.createFile(directory.resolve("zero.csv"));
    assertThat(open(null, directory.resolve("zero.csv").toUri().toString()).rows().count())
        .isZero();
    assertThatThrownBy(() -> open(null, nothing.toUri().toString()))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("the format cannot be told");
  }

  @Test
  void compressedLinesAreReadAsTheyAre() throws IOException {
    Path file = directory.resolve("rows.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"id\":\"a\",\"prompt\":\"one\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(read(open(null, file.toUri().toString()))).containsOnlyKeys("a");
  }

  @Test
  void aCutGzipFileFailsByName() throws IOException {
    Path whole = directory.resolve("whole.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(whole))) {
      for (int i = 0; i < 10_000; i++) {
        out.write(
            ("{\"id\":\"" + i + "\",\"prompt\":\"" + Math.sqrt(i) + "\"}\n")
                .getBytes(StandardCharsets.UTF_8));
      }
    }
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = directory.resolve("cut.jsonl.gz");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> open(null, cut.toUri().toString()).rows().count())
        .hasStackTraceContaining("cut.jsonl.gz");
  }

  /** A line of so many bytes, between two of a few. */
  private Path compressed(String name, String before, int bytes, String after) throws IOException {
    Path file = directory.resolve(name);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(before.getBytes(StandardCharsets.UTF_8));
      byte[] filling = new byte[1 << 20];
      Arrays.fill(filling, (byte) 'x');
      for (int written = 0; written < bytes; written += filling.length) {
        out.write(filling);
      }
      out.write(after.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  @Test
  void aLineThatIsTooLongIsAnErrorRow() throws IOException {
    Path file =
        compressed(
            "bomb.jsonl.gz",
            "{\"id\":\"a\",\"prompt\":\"one\"}\n{\"id\":\"b\",\"prompt\":\"",
            40 << 20,
            "\"}\n{\"id\":\"c\",\"prompt\":\"two\"}\n");
    for (SourceFormat format : List.of(SourceFormat.JSONL, SourceFormat.OPENAI_BATCH)) {
      PromptTable table = open(format, file.toUri().toString());
      List<PromptRow> tooLong =
          read(table).values().stream()
              .filter(row -> row.error() != null)
              .filter(row -> row.error().message().contains("bytes long"))
              .toList();
      assertThat(tooLong).as(format.word()).hasSize(1);
      assertThat(tooLong.get(0).error().code()).isEqualTo(RowError.Code.INPUT_MALFORMED);
      assertThat(tooLong.get(0).error().message())
          .contains("bomb.jsonl.gz: a line is 41943062 bytes long, more than the 16777216 that")
          .contains("{\"id\":\"b\"");
    }
    assertThat(read(open(null, file.toUri().toString()))).hasSize(3).containsKeys("a", "c");
  }

  @Test
  void aCsvFieldThatIsTooLongFailsByName() throws IOException {
    Path file = compressed("bomb.csv.gz", "id,prompt\na,one\nb,\"", 40 << 20, "\"\nc,two\n");
    assertThatThrownBy(() -> open(null, file.toUri().toString()).rows().count())
        .hasStackTraceContaining("bomb.csv.gz");
  }

  @Test
  void requestsOfTheBatchApiBringTheirParameters() throws IOException {
    String file =
        write(
            "batch.jsonl",
            "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                + "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"one\"}],"
                + "\"max_completion_tokens\":9,\"seed\":3,\"user\":\"u\",\"stream\":false,"
                + "\"response_format\":{\"type\":\"text\"}}}",
            "{\"custom_id\":\"b\",\"body\":{\"messages\":[{\"role\":\"user\"}]}}",
            "{\"custom_id\":\"c\",\"body\":{\"model\":\"m\"}}",
            "{\"custom_id\":\"d\",\"url\":\"/v1/embeddings\",\"body\":{}}",
            "{\"custom_id\":\"e\",\"method\":\"GET\",\"body\":{}}",
            "{\"custom_id\":\"f\"}",
            "{\"custom_id\":\"g\",\"body\":{\"stream\":true}}",
            "{\"body\":{}}",
            "[1]",
            "no json");
    PromptTable table = open(SourceFormat.OPENAI_BATCH, file);
    assertThat(table.columns().fieldNames()).containsExactly("method", "url", "body");
    Map<String, PromptRow> rows = read(table);
    assertThat(rows).hasSize(10).containsKeys("a", "b", "c", "d", "e", "f", "g");
    assertThat(rows.get("a").error()).isNull();
    assertThat(rows.get("a").messages()).hasSize(1);
    assertThat(rows.get("a").params())
        .containsOnlyKeys("max_completion_tokens", "seed")
        .containsEntry("seed", 3);
    expect(rows.get("b"), RowError.Code.MESSAGES_INVALID, "body.messages[0].content is missing");
    expect(rows.get("c"), RowError.Code.PROMPT_MISSING, "body.messages is null");
    expect(rows.get("d"), RowError.Code.INPUT_MALFORMED, "allowed: /v1/chat/completions");
    expect(rows.get("e"), RowError.Code.INPUT_MALFORMED, "allowed: POST");
    expect(rows.get("f"), RowError.Code.INPUT_MALFORMED, "nothing as body");
    expect(rows.get("g"), RowError.Code.INPUT_MALFORMED, "stream");
    assertThat(rows.values().stream().filter(row -> row.customId().length() == 64)).hasSize(3);
    assertThat(table.rows().first().<String>getAs("body")).contains("\"seed\":3");
  }

  @Test
  void aBatchFileThatIsNotSaidToBeOneIsRecognized() throws IOException {
    String file = write("batch.jsonl", "{\"custom_id\":\"a\",\"body\":{\"messages\":[]}}");
    assertThatThrownBy(() -> open(null, file))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("--input-format openai-batch");
  }

  @Test
  void aColumnThatIsNamedMessagesByChanceIsLeftAlone() throws IOException {
    List<String> inputs =
        List.of(
            parquet("number", "select 'a' id, 'one' question, 3 messages"),
            parquet("text", "select 'a' id, 'one' question, 'three new ones' messages"),
            parquet("texts", "select 'a' id, 'one' question, array('three') messages"),
            write("a.csv", "id,question,messages", "a,one,three"),
            write("a.jsonl", "{\"id\":\"a\",\"question\":\"one\",\"messages\":3}"));
    for (String input : inputs) {
      PromptTable table =
          PromptTable.open(
              SharedSpark.session(),
              Cli.inputOptions("--input=" + input, "--prompt-column=question"));
      assertThat(table.columns().fieldNames()).as(input).contains("messages");
      PromptRow row = read(table).get("a");
      assertThat(row.error()).as(input).isNull();
      assertThat(row.prompt()).as(input).isEqualTo("one");
    }
    // nobody said that they are something else
    String number = parquet("default", "select 'a' id, 'one' prompt, 3 messages");
    assertThatThrownBy(() -> open(null, number))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("column messages is int; expected: array<")
        .hasMessageContaining("or name the --prompt-column");
    assertThat(
            read(
                PromptTable.open(
                    SharedSpark.session(),
                    Cli.inputOptions("--input=" + number, "--prompt-column=prompt"))))
        .containsOnlyKeys("a");
  }

  @Test
  void messagesBesideAPromptThatWasNamedAreReadByTypeOrByName() {
    String turn = "array(named_struct('role', 'user', 'content', 'two'))";
    String typed = parquet("typed", "select 'a' id, 'one' question, " + turn + " messages");
    String json = parquet("json", "select 'a' id, 'one' question, to_json(" + turn + ") messages");
    String question = "--prompt-column=question";
    for (InputOptions options :
        List.of(
            Cli.inputOptions("--input=" + typed, question),
            Cli.inputOptions("--input=" + json, question, "--messages-column=messages"))) {
      PromptRow row = read(PromptTable.open(SharedSpark.session(), options)).get("a");
      assertThat(row.messages()).hasSize(1);
    }
  }

  @Test
  void inputsOfDifferentFormatsAndMissingOnesAreNamed() throws IOException {
    String lines = write("a.jsonl", "{\"prompt\":\"x\"}");
    String csv = write("a.csv", "prompt", "x");
    assertThatThrownBy(() -> open(null, lines, csv))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("a.csv is csv, but another path is jsonl");
    assertThatThrownBy(() -> open(null, directory.resolve("none*.csv").toUri().toString()))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void columnsWithNamesOfTheJobsOwnAreNamed() throws IOException {
    for (String input :
        List.of(
            parquet("line", "select 'a' id, 'one' prompt, 'x' _trlm_line"),
            parquet("key", "select 'a' id, 'one' prompt, 'x' _TRLM_content_key"),
            write("line.csv", "id,prompt,_trlm_line", "a,one,x"),
            write("line.jsonl", "{\"id\":\"a\",\"prompt\":\"one\",\"_trlm_line\":\"x\"}"))) {
      assertThatThrownBy(() -> open(null, input))
          .as(input)
          .isInstanceOf(JobException.class)
          .hasMessageContaining("the input has a column _")
          .hasMessageContaining("Rename it");
    }
    // those that Spark's readers know are a user's own here
    for (String input :
        List.of(
            write("own.csv", "id,prompt,_metadata,_corrupt_record", "a,one,x,y"),
            write(
                "own.jsonl",
                "{\"id\":\"a\",\"prompt\":\"one\",\"_metadata\":\"x\",\"_corrupt_record\":\"y\"}"),
            parquet("own", "select 'a' id, 'one' prompt, 'x' _metadata, 'y' _corrupt_record"))) {
      PromptTable table = open(null, input);
      assertThat(read(table)).as(input).containsOnlyKeys("a");
      Row row = table.rows().first();
      assertThat(row.<String>getAs("_metadata")).as(input).isEqualTo("x");
      assertThat(row.<String>getAs("_corrupt_record")).as(input).isEqualTo("y");
    }
  }

  private static void expect(PromptRow row, RowError.Code code, String message) {
    assertThat(row.error()).as(row.customId()).isNotNull();
    assertThat(row.error().code()).isEqualTo(code);
    assertThat(row.error().message()).contains(message);
  }
}
