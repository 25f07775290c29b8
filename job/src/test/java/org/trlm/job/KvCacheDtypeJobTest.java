package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.JobConfig.SamplingOptions;

/** The job with keys and values in bfloat16: answers of its own, and the same in every layout. */
class KvCacheDtypeJobTest {
  private static final int ROWS = 8;

  @TempDir static Path scratch;

  private static Map<String, Row> bfloat16;

  @BeforeAll
  static void answer() throws IOException {
    bfloat16 = Jobs.run(config("bfloat16", rows(), "--kv-cache-dtype", "bfloat16"));
  }

  private static List<String> rows() throws IOException {
    return Files.readAllLines(Jobs.PROMPTS).subList(0, ROWS);
  }

  private static JobConfig config(String output, List<String> rows, String... options)
      throws IOException {
    Path input = scratch.resolve(output + ".jsonl");
    Files.write(input, rows);
    List<String> arguments = new ArrayList<>(List.of("generate", "--model=m", "--input=i"));
    arguments.add("--output=" + scratch.resolve(output));
    Collections.addAll(arguments, options);
    JobConfig parsed =
        Cli.parse(GenerateCommand.class, arguments.toArray(String[]::new)).configuration();
    return Jobs.config(input, scratch.resolve(output))
        .with(parsed.engine())
        .with(
            SamplingOptions.of(Map.of("temperature", 0.0, "max_tokens", 24, "prompt_logprobs", 0)));
  }

  @Test
  void anotherLayoutGivesTheSameAnswers() throws IOException {
    List<String> shuffled = rows();
    Collections.reverse(shuffled);
    // slots for two rows, and cache for less than their prompts and answers: one of them waits
    JobConfig config =
        config(
            "layout",
            shuffled,
            "--kv-cache-dtype=bfloat16",
            "--max-num-seqs=2",
            "--kv-cache-memory=128k",
            "--enable-prefix-caching=false");
    Map<String, Row> found = Jobs.run(Jobs.withPartitions(config, 3));
    assertThat(found).hasSize(ROWS);
    found.forEach((id, row) -> SameAnswers.check(id, row, bfloat16.get(id)));
  }

  @Test
  void idsAndLogprobsAreItsOwn() throws IOException {
    Map<String, Row> float32 = Jobs.run(config("float32", rows()));
    assertThat(float32).hasSize(ROWS);
    float32.forEach(
        (id, row) -> {
          assertThat(row.<Object>getAs("request_id"))
              .isNotEqualTo(bfloat16.get(id).getAs("request_id"));
          assertThat(row.<Object>getAs("prompt_logprobs"))
              .isNotEqualTo(bfloat16.get(id).getAs("prompt_logprobs"));
        });
  }

  @Test
  void theManifestAndTheOutputKnowIt() throws IOException {
    assertThat(
            Manifests.only(scratch.resolve("bfloat16"))
                .at("/config/engine/kv_cache_dtype")
                .asText())
        .isEqualTo("BFLOAT16");
    JobConfig asFloat32 = config("bfloat16", rows());
    assertThatThrownBy(() -> Jobs.run(asFloat32))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("kv_cache_dtype (\"bfloat16\" there, default now)");
  }

  @Test
  void anotherWordIsRefused() {
    Cli run = Cli.run("generate", "--model=m", "--input=i", "--output=o", "--kv-cache-dtype=fp8");
    assertThat(run.exitCode()).isEqualTo(TrlmSpark.WRONG_USE);
    assertThat(run.err())
        .contains("--kv-cache-dtype")
        .contains("'fp8' is not known; allowed: float32, bfloat16");
  }
}
