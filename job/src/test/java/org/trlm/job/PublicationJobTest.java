package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trlm.job.inference.Generation;
import org.trlm.job.output.DeltaPublication;
import org.trlm.job.output.Publication;

/** When answers are carried over to another place: checked first, and only under the lease. */
class PublicationJobTest {
  @TempDir Path directory;

  private JobConfig config(String line) throws IOException {
    Path input = Files.writeString(directory.resolve("in.jsonl"), line + "\n");
    return Jobs.config(input, directory.resolve("out"))
        .with(JobConfig.SamplingOptions.of(java.util.Map.of("max_tokens", 2)));
  }

  @Test
  void publishingIsInsideTheLease() throws IOException {
    JobConfig config = config("{\"id\":\"a\",\"prompt\":\"Add 1 and 2.\"}");
    List<String> calls = new ArrayList<>();
    Publication publication =
        new Publication() {
          private void called(String name) {
            boolean held = Files.exists(directory.resolve("out/_trlm/lease.json"));
            boolean whole = Files.exists(directory.resolve("out/_SUCCESS"));
            calls.add(name + (held ? ", leased" : "") + (whole ? ", complete" : ""));
          }

          @Override
          public void check(StructType columns) {
            assertThat(columns.fieldNames()).contains("generated_text", "custom_id");
            called("check");
          }

          @Override
          public void resume() {
            called("resume");
          }

          @Override
          public void publish() {
            called("publish");
          }
        };
    BatchInference.run(
        SharedSpark.session(), config, Jobs.tinyModel(), Generation::of, publication);
    assertThat(calls).containsExactly("check", "resume, leased", "publish, leased, complete");
    assertThat(directory.resolve("out/_trlm/lease.json")).doesNotExist();
  }

  @Test
  void aColumnThatTheTableCannotHaveStopsTheJobBeforeAnyWork() throws IOException {
    JobConfig config = config("{\"id\":\"a\",\"prompt\":\"Add 1 and 2.\",\"my col\":7}");
    DeltaPublication publication =
        DeltaPublication.to(SharedSpark.session(), directory.resolve("out").toString());
    assertThatThrownBy(
            () ->
                BatchInference.run(
                    SharedSpark.session(), config, Jobs.tinyModel(), Generation::of, publication))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("column my col has a space");
    assertThat(directory.resolve("out")).doesNotExist();
  }
}
