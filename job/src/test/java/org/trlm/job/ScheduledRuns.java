package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/**
 * A file of prompts that changes, and the same command over it and one output again and again: the
 * tiny model, six rows a wave and six tokens an answer unless a test says otherwise.
 */
final class ScheduledRuns {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The rows of the input, as {@link #write} writes them. */
  final List<Map<String, Object>> prompts = new ArrayList<>();

  final Path output;
  private final Path input;

  /**
   * @param rows in the input at first: {@code row-0}, {@code row-1}, …
   */
  ScheduledRuns(Path scratch, int rows) throws IOException {
    input = scratch.resolve("in.jsonl");
    output = scratch.resolve("out");
    for (int i = 0; i < rows; i++) {
      prompts.add(prompt("row-" + i, "Find the sum of " + i + " and 7."));
    }
    write();
  }

  static Map<String, Object> prompt(String id, String text) {
    return new TreeMap<>(Map.of("id", id, "prompt", text, "note", "n-" + id));
  }

  void write() throws IOException {
    List<String> lines = new ArrayList<>();
    for (Map<String, Object> prompt : prompts) {
      lines.add(JSON.writeValueAsString(prompt));
    }
    Files.write(input, lines);
  }

  /** Runs {@code generate}; what {@code more} gives takes the place of what is usual here. */
  Cli generate(String... more) {
    SharedSpark.session();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "generate",
                "--model=" + Jobs.TINY_MODEL,
                "--input=" + input,
                "--output=" + output,
                "--max-num-seqs=8",
                "--kv-cache-memory=16m",
                "--rows-per-wave=6",
                "--partitions=1",
                "--max-tokens=6"));
    for (String option : more) {
      String name = option.replaceFirst("=.*", "=");
      arguments.removeIf(usual -> usual.startsWith(name));
    }
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(String[]::new));
  }

  /** {@link #generate}, which must end with exit code 0. */
  Cli done(String... more) {
    Cli run = generate(more);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  List<String> waves() throws IOException {
    try (Stream<Path> names = Files.list(output)) {
      return names
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("wave="))
          .sorted()
          .toList();
    }
  }

  /** The rows of a Parquet output. */
  List<Row> rows() {
    return SharedSpark.session().read().parquet(output.toString()).collectAsList();
  }

  /** By custom_id; each has one row. */
  Map<String, Row> byId() {
    Map<String, Row> rows = new HashMap<>();
    for (Row row : rows()) {
      assertThat(rows.put(row.getAs("custom_id"), row)).as("a second row").isNull();
    }
    return rows;
  }

  /** Run and text of each row, so that a row that was answered anew is another. */
  static Map<String, String> texts(Map<String, Row> rows) {
    Map<String, String> texts = new TreeMap<>();
    rows.forEach(
        (id, row) ->
            texts.put(id, row.<String>getAs("run_id") + row.<String>getAs("generated_text")));
    return texts;
  }
}
