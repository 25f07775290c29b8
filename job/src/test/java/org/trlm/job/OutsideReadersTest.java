package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.OutputOptions;

/** Output is read by pyarrow, pandas, DuckDB and OpenAI's own types, finished and in the making. */
@Tag("real-model")
class OutsideReadersTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  private JsonNode read(String kind, Path output) throws IOException {
    CommandRun run =
        CommandRun.run(
            new ProcessBuilder(
                RealFiles.python().toString(),
                Path.of("src/test/python/read_output.py").toAbsolutePath().toString(),
                kind,
                output.toString()),
            Duration.ofMinutes(15),
            directory);
    assertThat(run.exitCode()).as(run.printed()).isZero();
    return JSON.readTree(run.out());
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  private JobConfig config(Format format) throws IOException {
    Path input = directory.resolve("rows.jsonl");
    List<String> lines = Files.readAllLines(Jobs.PROMPTS).subList(0, 20);
    Files.write(
        input,
        Stream.concat(lines.stream(), Stream.of("{\"id\":\"bad\",\"prompt\":null}")).toList());
    JobConfig plain = Jobs.config(input, directory.resolve(format.word()));
    return plain.with(new OutputOptions(plain.output().path(), format, false, false));
  }

  @Test
  void parquetIsReadByOthersFinishedAndInTheMaking() throws IOException {
    JobConfig config = config(Format.PARQUET);
    BatchInference.run(SharedSpark.session(), config, Jobs.tinyModel());
    Path output = directory.resolve("parquet");
    List<Row> rows = SharedSpark.session().read().parquet(output.toString()).collectAsList();
    List<String> ids = rows.stream().map(row -> row.<String>getAs("custom_id")).sorted().toList();
    assertThat(ids).hasSize(21);
    long tokens =
        rows.stream()
            .filter(row -> row.getAs("error") == null)
            .mapToInt(row -> row.<Row>getAs("usage").<Integer>getAs("completion_tokens"))
            .sum();
    assertReads(output, ids, tokens);

    // what a run that goes on has beside its committed waves
    Path wave;
    try (Stream<Path> found = Files.list(output)) {
      wave = found.filter(path -> path.toString().contains("wave=")).findFirst().orElseThrow();
    }
    Path open = Files.createDirectories(output.resolve("_open-run-001/_temporary/0"));
    Files.copy(parquetIn(wave), open.getParent().getParent().resolve("part-0.snappy.parquet"));
    Files.writeString(open.resolve("half.parquet"), "PAR1 and not more");
    Files.deleteIfExists(output.resolve("_SUCCESS"));
    assertReads(output, ids, tokens);
  }

  private static Path parquetIn(Path wave) throws IOException {
    try (Stream<Path> files = Files.list(wave)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  private void assertReads(Path output, List<String> ids, long tokens) throws IOException {
    JsonNode found = read("parquet", output);
    for (String reader : List.of("pyarrow", "pandas", "duckdb")) {
      assertThat(texts(found.get(reader))).as(reader).isEqualTo(ids);
    }
    assertThat(found.get("tokens").asLong()).isEqualTo(tokens);
    assertThat(texts(found.get("columns"))).contains("reasoning", "usage", "wave");
  }

  @Test
  void batchLinesAreParsedByOpenAisTypes() throws IOException {
    JobConfig config = config(Format.OPENAI_BATCH);
    BatchInference.run(SharedSpark.session(), config, Jobs.tinyModel());
    JsonNode found = read("openai", directory.resolve("openai-batch"));
    assertThat(texts(found.get("responses"))).hasSize(20);
    assertThat(texts(found.get("errors"))).containsExactly("bad");
    assertThat(texts(found.get("reasoning"))).allMatch(text -> !text.isBlank());
  }
}
