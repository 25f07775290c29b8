package org.trlm.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job that is cancelled, and what it leaves behind. */
class KilledJobTest {
  @TempDir Path scratch;

  @Test
  void aCancelledJobEndsSoonAndSaysSo() throws Exception {
    SparkSession session = SharedSpark.session();
    SparkContext context = session.sparkContext();
    Path output = scratch.resolve("out");
    JobConfig endless =
        Jobs.config(Jobs.PROMPTS, output)
            .with(
                JobConfig.SamplingOptions.of(
                    Map.of("temperature", 0.0, "max_tokens", 900, "ignore_eos", true)));
    CompletableFuture<RunSummary> job =
        CompletableFuture.supplyAsync(() -> BatchInference.run(session, endless, Jobs.tinyModel()));
    await(() -> isWriting(output) && running(context) > 0, 180);
    Thread.sleep(1000);
    assertThat(job).isNotDone();

    context.cancelAllJobs();

    assertThat(job.handle((summary, failure) -> failure).get(3, TimeUnit.MINUTES))
        .hasRootCauseInstanceOf(Exception.class)
        .cause()
        .isInstanceOf(RunFailedException.class)
        .hasMessageContaining("cancelled")
        .hasMessageContaining("give the same command again to go on");
    await(() -> running(context) == 0, 180);
    JsonNode manifest = Manifests.only(output);
    assertThat(manifest.get("status").asText()).isEqualTo("failed");
    assertThat(manifest.get("error").asText()).containsIgnoringCase("cancelled");
    assertThat(output.resolve("_SUCCESS")).doesNotExist();
  }

  /** Whether the stage that answers rows has begun: no moment between two stages is hit. */
  private static boolean isWriting(Path output) {
    try (var names = Files.walk(output, 2)) {
      return names.anyMatch(path -> path.endsWith("_temporary"));
    } catch (IOException | UncheckedIOException e) {
      return false; // not there yet, or changing while it is read
    }
  }

  private static int running(SparkContext context) {
    int running = 0;
    for (var executor : context.statusTracker().getExecutorInfos()) {
      running += executor.numRunningTasks();
    }
    return running;
  }

  private static void await(BooleanSupplier condition, int seconds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited " + seconds + " s").isLessThan(end);
      Thread.sleep(20);
    }
  }
}
