package org.trlm.job;

import java.io.PrintWriter;
import org.trlm.job.JobConfig.PromptTooLong;
import picocli.CommandLine.Option;

/** What becomes of rows that cannot be answered or scored. */
final class RefusalArguments {
  @Option(
      names = "--prompt-too-long",
      paramLabel = "error|truncate_left|skip",
      converter = Words.PromptTooLongConverter.class,
      description =
          "What becomes of a prompt that leaves no room for one token, or for the longest choice that"
              + " is scored after it. Default: error (an error row).")
  PromptTooLong promptTooLong;

  @Option(
      names = "--max-error-rate",
      paramLabel = "X",
      description =
          "Share of error rows, 0 to 1, above which the command fails at its end (exit code 1;"
              + " the output stays). Default: 1 (never).")
  Double maxErrorRate;

  PromptTooLong promptTooLong() {
    return promptTooLong == null ? PromptTooLong.ERROR : promptTooLong;
  }

  double checkedErrorRate() {
    double rate = maxErrorRate == null ? 1 : maxErrorRate;
    if (!(rate >= 0 && rate <= 1)) {
      throw new JobException(
          "--max-error-rate is " + rate + "; allowed: 0 (no error row) to 1 (any number).");
    }
    return rate;
  }

  /** The exit code of a run that came to its end, with a word to the user where it failed. */
  static int exitCode(RunSummary summary, double maxErrorRate, PrintWriter err) {
    double rate = summary.rows() == 0 ? 0 : (double) summary.errorRows() / summary.rows();
    if (rate <= maxErrorRate) {
      return TrlmSpark.DONE;
    }
    err.println(
        "Failed: %d of %d rows are error rows; --max-error-rate allows a share of %s. The output is complete: look at its column error."
            .formatted(summary.errorRows(), summary.rows(), maxErrorRate));
    return TrlmSpark.FAILED;
  }
}
