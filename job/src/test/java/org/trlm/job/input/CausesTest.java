package org.trlm.job.input;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CausesTest {
  @Test
  void aTaskFailureIsToldWithoutSparksWords() {
    RuntimeException spark =
        new RuntimeException(
            "Job aborted due to stage failure: Task 0 in stage 5.0 failed 4 times, most recent"
                + " failure: Lost task 0.3 in stage 5.0 (TID 9) (10.0.0.7 executor 1):"
                + " java.lang.IllegalArgumentException: the engine needs 9.0 MiB (3.0 MiB of"
                + " scratch) beside the weights; lower max_num_seqs\n\tat"
                + " org.trlm.engine.EngineSizing.fit(EngineSizing.java:1)\n\nDriver stacktrace:");
    assertThat(Causes.chain(spark))
        .isEqualTo(
            "a task failed (4 times, last on 10.0.0.7 executor 1): the engine needs 9.0 MiB (3.0"
                + " MiB of scratch) beside the weights; lower max_num_seqs");
  }

  @Test
  void aFullHeapOfAnExecutorIsToldWithWhatHelps() {
    RuntimeException spark =
        new RuntimeException(
            "Job aborted due to stage failure: Task 2 in stage 19.0 failed 4 times, most recent"
                + " failure: Lost task 2.3 in stage 19.0 (TID 19) (10.0.0.7 executor 4):"
                + " ExecutorLostFailure (executor 4 exited caused by one of the running tasks)"
                + " Reason: Command exited with code 52\n\nDriver stacktrace:");
    assertThat(Causes.chain(spark))
        .isEqualTo(
            "a task failed (4 times, last on 10.0.0.7 executor 4): ExecutorLostFailure (executor 4"
                + " exited caused by one of the running tasks) Reason: its heap was full (exit code"
                + " 52): give executors more memory with --executor-memory");
  }

  @Test
  void otherMessagesStayAndRepeatedOnesAreToldOnce() {
    RuntimeException failure =
        new RuntimeException("outer: inner", new IllegalStateException("inner"));
    assertThat(Causes.chain(failure)).isEqualTo("outer: inner");
    assertThat(Causes.chain(new IllegalStateException())).isEqualTo("IllegalStateException");
  }
}
