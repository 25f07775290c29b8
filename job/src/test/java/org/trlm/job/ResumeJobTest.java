package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same command again and again over one output, as a schedule runs it. */
class ResumeJobTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ROWS = 12;

  @TempDir Path scratch;
  private Path input;
  private Path output;
  private final List<Map<String, Object>> prompts = new ArrayList<>();

  @BeforeEach
  void prompts() throws IOException {
    input = scratch.resolve("in.jsonl");
    output = scratch.resolve("out");
    for (int i = 0; i < ROWS; i++) {
      prompts.add(prompt("row-" + i, "Find the sum of " + i + " and 7."));
    }
    write();
  }

  private static Map<String, Object> prompt(String id, String text) {
    return new TreeMap<>(Map.of("id", id, "prompt", text, "note", "n-" + id));
  }

  private void write() throws IOException {
    List<String> lines = new ArrayList<>();
    for (Map<String, Object> prompt : prompts) {
      lines.add(JSON.writeValueAsString(prompt));
    }
    Files.write(input, lines);
  }

  private Cli generate(String... more) {
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
                "--partitions=1"));
    List<String> given = List.of(more);
    if (given.stream().noneMatch(option -> option.startsWith("--max-tokens"))) {
      arguments.add("--max-tokens=6");
    }
    arguments.addAll(given);
    return Cli.run(arguments.toArray(String[]::new));
  }

  private Cli done(String... more) {
    Cli run = generate(more);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  private List<String> waves() throws IOException {
    try (Stream<Path> names = Files.list(output)) {
      return names
          .map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("wave="))
          .sorted()
          .toList();
    }
  }

  private List<Row> rows() {
    return SharedSpark.session().read().parquet(output.toString()).collectAsList();
  }

  /** By custom_id; each has one row. */
  private Map<String, Row> byId() {
    Map<String, Row> rows = new HashMap<>();
    for (Row row : rows()) {
      assertThat(rows.put(row.getAs("custom_id"), row)).as("a second row").isNull();
    }
    return rows;
  }

  private static Map<String, String> texts(Map<String, Row> rows) {
    Map<String, String> texts = new TreeMap<>();
    rows.forEach(
        (id, row) ->
            texts.put(id, row.<String>getAs("run_id") + row.<String>getAs("generated_text")));
    return texts;
  }

  @Test
  void aSecondRunDoesOnlyWhatIsNewOrChanged() throws IOException {
    done();
    Map<String, Row> first = byId();
    assertThat(first).hasSize(ROWS);
    List<String> waves = waves();
    assertThat(waves.size()).isBetween(2, ROWS);
    assertThat(output.resolve("_SUCCESS")).exists();

    done();
    assertThat(waves()).isEqualTo(waves);
    assertThat(texts(byId())).isEqualTo(texts(first));

    prompts.get(3).put("prompt", "Find the sum of 40 and 2.");
    prompts.add(prompt("row-new", "Find the sum of 50 and 1."));
    write();
    done();
    Map<String, Row> third = byId();
    assertThat(third).hasSize(ROWS + 1);
    assertThat(third.get("row-3").<String>getAs("prompt")).contains("40 and 2");
    Map<String, String> unchanged = texts(third);
    unchanged.keySet().removeAll(List.of("row-3", "row-new"));
    Map<String, String> before = texts(first);
    before.remove("row-3");
    assertThat(unchanged).isEqualTo(before);
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void whatACrashLeftIsRemovedAndItsRowsAreAnsweredAnew() throws IOException {
    done();
    Map<String, Row> first = byId();
    List<String> waves = waves();
    Files.delete(output.resolve(waves.get(0)).resolve("_SUCCESS"));
    Path open = Files.createDirectories(output.resolve("_open-20200101T000000Z-00000000-000"));
    Files.writeString(open.resolve("part-0.parquet"), "half");
    Files.createDirectories(output.resolve("_trlm/staged-20200101T000000Z-00000000/slice=0"));
    Path damaged = output.resolve(waves.get(1));
    try (Stream<Path> parts = Files.list(damaged)) {
      Path part = parts.filter(path -> path.toString().endsWith(".parquet")).findFirst().get();
      byte[] bytes = Files.readAllBytes(part);
      Files.delete(part.resolveSibling("." + part.getFileName() + ".crc"));
      Files.write(part, Arrays.copyOf(bytes, bytes.length / 2));
    }

    Cli refused = generate();
    assertThat(refused.exitCode()).as(refused.err()).isEqualTo(2);
    assertThat(refused.err())
        .contains("cannot be read")
        .contains(damaged.getFileName().toString())
        .contains("Remove the directory");

    try (Stream<Path> parts = Files.walk(damaged)) {
      for (Path part : parts.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(part);
      }
    }
    done();
    Map<String, Row> healed = byId();
    assertThat(healed.keySet()).isEqualTo(first.keySet());
    first.forEach(
        (id, row) -> {
          assertThat(healed.get(id).<String>getAs("request_id")).isEqualTo(row.getAs("request_id"));
          assertThat(healed.get(id).<String>getAs("generated_text"))
              .isEqualTo(row.getAs("generated_text"));
        });
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void filesOfOthersAreNotTakenForAnswers() throws IOException {
    done();
    Files.writeString(output.resolve("notes.txt"), "mine");
    Cli refused = generate();
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains("holds notes.txt, which no run has written as a wave");
    Files.delete(output.resolve("notes.txt"));
    done();
  }

  @Test
  void anotherConfigurationIsRefusedReplacesOrStandsBeside() throws IOException {
    done();
    Map<String, String> first = texts(byId());
    Cli refused = generate("--max-tokens=8");
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err())
        .contains("was written with another configuration: max_tokens (6 there, 8 now).")
        .contains("--replace")
        .contains("--keep-both");
    assertThat(texts(byId())).isEqualTo(first);

    done("--max-tokens=8", "--keep-both");
    assertThat(rows()).hasSize(2 * ROWS);
    done("--max-tokens=6");
    assertThat(rows()).hasSize(2 * ROWS);

    done("--max-tokens=7", "--replace");
    Map<String, Row> replaced = byId();
    assertThat(replaced).hasSize(ROWS);
    assertThat(replaced.values())
        .allMatch(row -> row.<String>getAs("sampling_params").contains("\"max_tokens\":7"));
    assertThat(generate("--max-tokens=6").exitCode()).isEqualTo(2);
    done("--max-tokens=7");
    assertThat(texts(byId())).isEqualTo(texts(replaced));
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void retriesTouchTheirRowsOnly() throws IOException {
    prompts.get(5).put("prompt", " ");
    write();
    done();
    Map<String, Row> first = byId();
    assertThat(first.get("row-5").<String>getAs("status")).isEqualTo("error");
    List<String> cut = new ArrayList<>();
    first.forEach(
        (id, row) -> {
          if ("length".equals(row.getAs("finish_reason"))) {
            cut.add(id);
          }
        });
    assertThat(cut).isNotEmpty();

    done("--retry=error");
    Map<String, Row> second = byId();
    assertThat(second).hasSize(ROWS);
    Map<String, String> others = texts(second);
    Map<String, String> before = texts(first);
    assertThat(others.remove("row-5")).isNotEqualTo(before.remove("row-5"));
    assertThat(others).isEqualTo(before);

    done("--retry=length", "--max-tokens=64");
    Map<String, Row> third = byId();
    assertThat(third).hasSize(ROWS);
    for (String id : cut) {
      assertThat(third.get(id).<String>getAs("generated_text"))
          .as("goes on with the same tokens")
          .startsWith(first.get(id).<String>getAs("generated_text"))
          .isNotEqualTo(first.get(id).<String>getAs("generated_text"));
    }
    List<String> waves = waves();
    done();
    done("--retry=length", "--max-tokens=64");
    assertThat(waves()).as("rows that a retry has answered are done").isEqualTo(waves);
    assertThat(texts(byId())).isEqualTo(texts(third));
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void anEmptyInputGivesAnEmptyOutputWithItsColumns() throws IOException {
    prompts.clear();
    write();
    done();
    assertThat(rows()).isEmpty();
    assertThat(SharedSpark.session().read().parquet(output.toString()).columns())
        .contains("custom_id", "request_id", "generated_text");
    done();
    assertThat(waves()).hasSize(1);
  }
}
