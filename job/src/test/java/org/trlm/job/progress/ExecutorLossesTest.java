package org.trlm.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trlm.job.SharedSpark;

class ExecutorLossesTest {
  private final ExecutorLosses losses = ExecutorLosses.watch(SharedSpark.session().sparkContext());

  @AfterEach
  void close() {
    losses.close();
  }

  @Test
  void nothingIsToldOfARunWithoutLosses() {
    assertThat(losses.told()).isEmpty();
    lose("Executor killed by driver.");
    lose("Executor decommission: spot instance goes");
    assertThat(losses.told()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Command exited with code 52",
        "\nThe executor with id 3 exited with exit code 52(JVM OOM).\n",
        "Container from a bad node: container_17_1 on host: node-3. Exit status: 52. Diagnostics: x"
      })
  void fullHeapsAreNamedInTheWordsOfEachCluster(String reason) {
    lose(reason);
    assertThat(losses.told())
        .isEqualToNormalizingNewlines(
            "\nThe heap of 1 executor was full (exit code 52). Give executors more memory with"
                + " --executor-memory (it is 1g), or lower --max-num-seqs or --kv-cache-memory.");
    lose(reason);
    assertThat(losses.told())
        .startsWith(System.lineSeparator() + "The heap of 2 executors, one after the other, was");
  }

  @Test
  void theLastOfOtherReasonsIsQuoted() {
    lose("Command exited with code 137");
    lose("Executor heartbeat timed out after 125000 ms\n  at node-520");
    assertThat(losses.told())
        .isEqualToNormalizingNewlines(
            "\n2 executors were lost for other reasons; the last one: Executor heartbeat timed out"
                + " after 125000 ms at node-520");
    lose("Command exited with code 52");
    assertThat(losses.told().strip()).hasLineCount(2).startsWith("The heap of 1 executor");
  }

  private void lose(String reason) {
    losses.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "0", reason));
  }
}
