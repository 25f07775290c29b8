package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
  private ScheduledRuns runs;
  private Path output;

  @BeforeEach
  void prompts() throws IOException {
    runs = new ScheduledRuns(scratch, ROWS);
    output = runs.output;
  }

  @Test
  void aSecondRunDoesOnlyWhatIsNewOrChanged() throws IOException {
    runs.done();
    Map<String, Row> first = runs.byId();
    assertThat(first).hasSize(ROWS);
    List<String> waves = runs.waves();
    assertThat(waves.size()).isBetween(2, ROWS);
    assertThat(output.resolve("_SUCCESS")).exists();

    runs.done();
    assertThat(runs.waves()).isEqualTo(waves);
    assertThat(ScheduledRuns.texts(runs.byId())).isEqualTo(ScheduledRuns.texts(first));

    runs.prompts.get(3).put("prompt", "Find the sum of 40 and 2.");
    runs.prompts.add(ScheduledRuns.prompt("row-new", "Find the sum of 50 and 1."));
    runs.write();
    runs.done();
    Map<String, Row> third = runs.byId();
    assertThat(third).hasSize(ROWS + 1);
    assertThat(third.get("row-3").<String>getAs("prompt")).contains("40 and 2");
    Map<String, String> unchanged = ScheduledRuns.texts(third);
    unchanged.keySet().removeAll(List.of("row-3", "row-new"));
    Map<String, String> before = ScheduledRuns.texts(first);
    before.remove("row-3");
    assertThat(unchanged).isEqualTo(before);
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void whatACrashLeftIsRemovedAndItsRowsAreAnsweredAnew() throws IOException {
    runs.done();
    Map<String, Row> first = runs.byId();
    List<String> waves = runs.waves();
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

    Cli refused = runs.generate();
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
    runs.done();
    Map<String, Row> healed = runs.byId();
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
    runs.done();
    Files.writeString(output.resolve("notes.txt"), "mine");
    Cli refused = runs.generate();
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains("holds notes.txt, which no run has written as a wave");
    Files.delete(output.resolve("notes.txt"));
    runs.done();
  }

  @Test
  void anotherConfigurationIsRefusedReplacesOrStandsBeside() throws IOException {
    runs.done();
    Map<String, String> first = ScheduledRuns.texts(runs.byId());
    Cli refused = runs.generate("--max-tokens=8");
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err())
        .contains("was written with another configuration: max_tokens (6 there, 8 now).")
        .contains("--replace")
        .contains("--keep-both");
    assertThat(ScheduledRuns.texts(runs.byId())).isEqualTo(first);

    runs.done("--max-tokens=8", "--keep-both");
    assertThat(runs.rows()).hasSize(2 * ROWS);
    runs.done("--max-tokens=6");
    assertThat(runs.rows()).hasSize(2 * ROWS);

    runs.done("--max-tokens=7", "--replace");
    Map<String, Row> replaced = runs.byId();
    assertThat(replaced).hasSize(ROWS);
    assertThat(replaced.values())
        .allMatch(row -> row.<String>getAs("sampling_params").contains("\"max_tokens\":7"));
    assertThat(runs.generate("--max-tokens=6").exitCode()).isEqualTo(2);
    runs.done("--max-tokens=7");
    assertThat(ScheduledRuns.texts(runs.byId())).isEqualTo(ScheduledRuns.texts(replaced));
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void retriesTouchTheirRowsOnly() throws IOException {
    runs.prompts.get(5).put("prompt", " ");
    runs.write();
    runs.done();
    Map<String, Row> first = runs.byId();
    assertThat(first.get("row-5").<String>getAs("status")).isEqualTo("error");
    List<String> cut = new ArrayList<>();
    first.forEach(
        (id, row) -> {
          if ("length".equals(row.getAs("finish_reason"))) {
            cut.add(id);
          }
        });
    assertThat(cut).isNotEmpty();

    runs.done("--retry=error");
    Map<String, Row> second = runs.byId();
    assertThat(second).hasSize(ROWS);
    Map<String, String> others = ScheduledRuns.texts(second);
    Map<String, String> before = ScheduledRuns.texts(first);
    assertThat(others.remove("row-5")).isNotEqualTo(before.remove("row-5"));
    assertThat(others).isEqualTo(before);

    runs.done("--retry=length", "--max-tokens=64");
    Map<String, Row> third = runs.byId();
    assertThat(third).hasSize(ROWS);
    for (String id : cut) {
      assertThat(third.get(id).<String>getAs("generated_text"))
          .as("goes on with the same tokens")
          .startsWith(first.get(id).<String>getAs("generated_text"))
          .isNotEqualTo(first.get(id).<String>getAs("generated_text"));
    }
    List<String> waves = runs.waves();
    runs.done();
    runs.done("--retry=length", "--max-tokens=64");
    assertThat(runs.waves()).as("rows that a retry has answered are done").isEqualTo(waves);
    assertThat(ScheduledRuns.texts(runs.byId())).isEqualTo(ScheduledRuns.texts(third));
    SameAnswers.checkNothingLeft(output);
  }

  @Test
  void oneChangedPromptAmongFiveThousandIsOneRow() throws IOException {
    int rows = 5000;
    ScheduledRuns many = new ScheduledRuns(Files.createDirectory(scratch.resolve("many")), rows);
    String[] asked = {
      "--max-tokens=1", "--no-chat-template", "--max-num-seqs=64", "--rows-per-wave=2000"
    };
    many.done(asked);
    Map<String, String> first = ScheduledRuns.texts(many.byId());
    assertThat(first).hasSize(rows);
    List<String> waves = many.waves();

    many.prompts.get(2718).put("prompt", "Find the product of 3 and 4.");
    many.write();
    many.done(asked);
    Map<String, Row> second = many.byId();
    Row changed = second.get("row-2718");
    assertThat(changed.<String>getAs("prompt")).isEqualTo("Find the product of 3 and 4.");
    JsonNode manifest = Manifests.of(many.output, changed.getAs("run_id"));
    assertThat(manifest.at("/rows/input").asInt()).isEqualTo(rows);
    assertThat(manifest.at("/rows/done_before").asInt()).isEqualTo(rows - 1);
    assertThat(manifest.at("/rows/ok").asInt()).isEqualTo(1);
    assertThat(manifest.at("/tokens/generated").asInt()).isEqualTo(1);
    Map<String, String> unchanged = ScheduledRuns.texts(second);
    assertThat(unchanged.remove("row-2718")).isNotEqualTo(first.remove("row-2718"));
    assertThat(unchanged).isEqualTo(first);
    List<String> kept = many.waves();
    assertThat(kept).as("waves that the old answer did not stand in").containsAnyElementsOf(waves);
  }

  @Test
  void retriesOfABatchLeaveALineForEachId() throws IOException {
    runs.prompts.get(5).put("prompt", " ");
    runs.write();
    String format = "--output-format=openai-batch";
    runs.done(format);
    Map<String, JsonNode> first = batchLines();
    assertThat(first).hasSize(ROWS);
    assertThat(first.get("row-5").at("/error/code").asText()).isEqualTo("prompt_missing");

    runs.done(format, "--retry=error");
    Map<String, JsonNode> second = batchLines();
    assertThat(second.keySet()).isEqualTo(first.keySet());
    assertThat(differing(first, second)).containsExactly("row-5");

    List<String> cut =
        first.keySet().stream()
            .filter(id -> first.get(id).at("/trlm/finish_reason").asText().equals("length"))
            .toList();
    assertThat(cut).isNotEmpty();
    runs.done(format, "--retry=length", "--max-tokens=512");
    Map<String, JsonNode> third = batchLines();
    assertThat(third.keySet()).isEqualTo(first.keySet());
    assertThat(differing(second, third)).containsExactlyElementsOf(cut);
    for (String id : cut) {
      String tokens = "/response/body/usage/completion_tokens";
      assertThat(third.get(id).at(tokens).asInt()).isGreaterThan(first.get(id).at(tokens).asInt());
    }
    SameAnswers.checkNothingLeft(output);
  }

  /** The lines of a batch, answers and errors, by custom_id; each has one. */
  private Map<String, JsonNode> batchLines() throws IOException {
    Map<String, JsonNode> lines = new TreeMap<>();
    try (Stream<Path> files = Files.walk(output)) {
      for (Path file : files.filter(name -> name.toString().endsWith(".jsonl")).toList()) {
        for (String text : Files.readAllLines(file)) {
          JsonNode line = JSON.readTree(text);
          assertThat(lines.put(line.get("custom_id").asText(), line)).as("a second line").isNull();
        }
      }
    }
    return lines;
  }

  private static List<String> differing(Map<String, JsonNode> one, Map<String, JsonNode> other) {
    return one.keySet().stream().filter(id -> !one.get(id).equals(other.get(id))).toList();
  }

  @Test
  void anEmptyInputGivesAnEmptyOutputWithItsColumns() throws IOException {
    runs.prompts.clear();
    runs.write();
    runs.done();
    assertThat(runs.rows()).isEmpty();
    assertThat(SharedSpark.session().read().parquet(output.toString()).columns())
        .contains("custom_id", "request_id", "generated_text");
    runs.done();
    assertThat(runs.waves()).hasSize(1);
  }
}
