package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.ModelOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.input.PromptEncoder;
import org.trlm.job.input.PromptRow;
import org.trlm.job.input.RowRefusedException;

/** How a job divides its rows among tasks, and what tasks compute once for many rows. */
class PartitionsJobTest {
  private static final int LONG_ROWS = 8;
  private static final int LONG_ANSWER = 60;
  private static final String RULES =
      "Answer in plain English, as briefly as the question allows, and never repeat it. ".repeat(6);

  @TempDir Path scratch;

  @Test
  void partitionsGenerateEquallyManyTokens() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      lines.add(
          "{\"id\": \"%02d\", \"prompt\": \"Name %02d things.\", \"max_tokens\": %d}"
              .formatted(i, i, i < LONG_ROWS ? LONG_ANSWER : 2));
    }
    JobConfig config =
        config("balanced", lines, 4)
            .with(SamplingOptions.of(Map.of("temperature", 0.0, "ignore_eos", true)));
    Map<Integer, Long> generated = new TreeMap<>();
    for (Row row : Jobs.run(config).values()) {
      generated.merge(row.getAs("partition_id"), (long) usage(row, "completion_tokens"), Long::sum);
    }
    long all = LONG_ROWS * LONG_ANSWER + (lines.size() - LONG_ROWS) * 2L;
    assertThat(generated).hasSize(4);
    assertThat(generated.values()).allSatisfy(tokens -> assertThat(tokens).isEqualTo(all / 4));
  }

  @Test
  void aTaskComputesASharedSystemPromptOnce() throws IOException, RowRefusedException {
    int tasks = 2;
    List<String> lines = Files.readAllLines(Jobs.PROMPTS).subList(0, 60);
    JobConfig config = withSystemPrompt(config("shared", lines, tasks));
    Collection<Row> answers = Jobs.run(config).values();
    long prompts = sum(answers, "prompt_tokens");
    long computed = prompts - sum(answers, "cached_tokens");
    int shared = sharedTokens(config);
    assertThat(shared).isGreaterThan(100);
    assertThat(computed)
        .isLessThanOrEqualTo(prompts - (long) shared * (lines.size() - tasks))
        .isPositive();
  }

  /** The first tokens of every prompt under the configuration's system prompt. */
  private static int sharedTokens(JobConfig config) throws RowRefusedException {
    PromptEncoder encoder = PromptEncoder.of(config.model(), Jobs.tinyModel());
    int[] one = encoder.encode(row("1")).tokenIds();
    int[] other = encoder.encode(row("x")).tokenIds();
    return Arrays.mismatch(one, other);
  }

  private static PromptRow row(String prompt) {
    return new PromptRow(prompt, prompt, null, null, "prompt:" + prompt, null);
  }

  private static int usage(Row row, String count) {
    return row.<Row>getAs("usage").getAs(count);
  }

  private static long sum(Collection<Row> rows, String count) {
    return rows.stream().mapToLong(row -> usage(row, count)).sum();
  }

  private JobConfig config(String name, List<String> lines, int partitions) throws IOException {
    Path input = Files.write(scratch.resolve(name + ".jsonl"), lines);
    InputOptions options =
        new InputOptions(
            List.of(input.toUri().toString()),
            null,
            "prompt",
            "messages",
            "id",
            null,
            lines.get(0).contains("max_tokens") ? List.of("max_tokens") : List.of(),
            null);
    return Jobs.withPartitions(Jobs.config(input, scratch.resolve(name)), partitions).with(options);
  }

  private static JobConfig withSystemPrompt(JobConfig config) {
    ModelOptions model = config.model();
    return config.with(
        new ModelOptions(
            model.path(),
            model.chatTemplate(),
            model.noChatTemplate(),
            RULES,
            model.chatTemplateKwargs(),
            model.templateDate(),
            model.specialTokensInContent(),
            model.reasoning()));
  }
}
