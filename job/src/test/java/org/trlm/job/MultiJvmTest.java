package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A standalone cluster on this machine: one driver and two executor JVMs. */
class MultiJvmTest {
  private static final int MOST_SECONDS = 900;
  private static final LocalClusterRun.Task TASK = new LocalClusterRun.Task(1, 12, 1000);

  @TempDir Path scratch;

  @Test
  void theRowsOfTwoExecutorsAreThoseOfLocalMode() throws Exception {
    Path input =
        Files.write(scratch.resolve("rows.jsonl"), Files.readAllLines(Jobs.PROMPTS).subList(0, 8));
    String local = scratch.resolve("local").toString();
    Map<String, Row> expected = Jobs.run(TASK.config(input, local));

    Path output = scratch.resolve("cluster");
    run(input, output);

    Map<String, Row> found = Jobs.rows(SharedSpark.session(), Jobs.config(input, output));
    assertThat(found).hasSameSizeAs(expected);
    found.forEach(
        (id, row) -> {
          Row twin = expected.get(id);
          for (String column : List.of("request_id", "generated_text", "token_ids", "status")) {
            assertThat(row.<Object>getAs(column)).as(id).isEqualTo(twin.<Object>getAs(column));
          }
        });
    JsonNode manifest = Manifests.only(output);
    assertThat(manifest.get("models_packed").asInt()).isEqualTo(2);
    assertThat(manifest.get("rows").get("ok").asInt()).isEqualTo(8);
  }

  private void run(Path input, Path output) throws IOException, InterruptedException {
    Path log = LocalClusterRun.log(scratch);
    Process driver =
        LocalClusterRun.start(
            input, output.toString(), TASK, scratch, LocalClusterRun.JvmOptions.NONE);
    try {
      assertThat(driver.waitFor(MOST_SECONDS, TimeUnit.SECONDS)).as("the driver ended").isTrue();
      assertThat(driver.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
  }
}
