package org.trlm.job;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.inference.CrashTrail;
import org.trlm.job.input.Causes;
import org.trlm.job.progress.ExecutorLosses;
import org.trlm.job.waves.WaveOutput;

/**
 * What a user is told of a run that failed: why, of which executors and rows it may have come, and
 * how to go on. Driver only.
 *
 * @param output the directory of the output
 * @param losses seen during the run
 * @param signal whether the run was stopped
 */
record FailureReport(
    SparkSession spark, String output, String runId, ExecutorLosses losses, StopSignal signal) {
  private static final int SUSPECTS_SHOWN = 10;

  /** What ended the run, in a few lines. */
  String reason(Throwable failure) {
    return Causes.chain(failure) + Secrets.redact(losses.told());
  }

  /** What the run throws, with the whole message. */
  RunFailedException exception(Throwable failure) {
    String message =
        "%s%s%s%nRun %s is unfinished. The waves that are whole stay in %s; give the same command again to go on."
            .formatted(
                signal.reason().orElseGet(() -> reason(failure)),
                suspects(),
                obstacle(spark, output),
                runId,
                output);
    if (signal.reason().isEmpty()) {
      return new RunFailedException(message, failure);
    }
    // the JVM ends as soon as the output is in order, before the command could tell
    System.err.println("Failed: " + Secrets.redact(message));
    return new RunStoppedException(message, failure);
  }

  /** Why nothing can be written to an output any more; empty when that is not the case. */
  static String obstacle(SparkSession spark, String output) {
    return WaveOutput.obstacle(output, spark.sessionState().newHadoopConf())
        .map("%nNothing can be written to the output: %s"::formatted)
        .orElse("");
  }

  /** The rows that took executors with them; empty when none did. */
  private String suspects() {
    try {
      List<String> rows =
          CrashTrail.suspects(
              CrashTrail.directory(output, runId), spark.sessionState().newHadoopConf());
      return rows.isEmpty()
          ? ""
          : "%nExecutors died with these rows in their engines; look at them first, or leave them out: %s%s"
              .formatted(
                  rows.stream().limit(SUSPECTS_SHOWN).collect(Collectors.joining(", ")),
                  rows.size() > SUSPECTS_SHOWN
                      ? ", and %d more".formatted(rows.size() - SUSPECTS_SHOWN)
                      : "");
    } catch (IOException e) {
      return "";
    }
  }
}
