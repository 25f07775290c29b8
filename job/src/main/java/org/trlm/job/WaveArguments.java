package org.trlm.job;

import java.util.List;
import org.trlm.job.JobConfig.OtherConfiguration;
import org.trlm.job.JobConfig.Retry;
import org.trlm.job.JobConfig.WaveOptions;
import picocli.CommandLine.Option;

/** How an output grows, and what becomes of what it holds already. */
final class WaveArguments {
  @Option(
      names = "--rows-per-wave",
      paramLabel = "N",
      description =
          "Input rows that are answered and become visible together. Default: some minutes of work,"
              + " by cores and slots.")
  Long rowsPerWave;

  @Option(
      names = "--retry",
      paramLabel = "error|length|skipped|repetition",
      split = ",",
      converter = Words.RetryConverter.class,
      description =
          "Ask again for the answers of the output that ended so, and for no others; with the"
              + " parameters of this command. Several with commas. Default: none.")
  List<Retry> retry;

  @Option(
      names = "--replace",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description =
          "When the output was written with another configuration: answer all rows anew, then"
              + " remove the old answers. Default: false (such an output is refused).")
  Boolean replace;

  @Option(
      names = "--keep-both",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description =
          "When the output was written with another configuration: answer all rows anew and keep"
              + " the old answers beside the new ones. Default: false.")
  Boolean keepBoth;

  WaveOptions toOptions() {
    if (rowsPerWave != null && rowsPerWave < 1) {
      throw new JobException("--rows-per-wave is " + rowsPerWave + "; allowed: 1 or more.");
    }
    boolean replaces = Boolean.TRUE.equals(replace);
    boolean keepsBoth = Boolean.TRUE.equals(keepBoth);
    boolean retries = retry != null && !retry.isEmpty();
    if ((replaces && keepsBoth) || (retries && (replaces || keepsBoth))) {
      throw new JobException("Give one of --retry, --replace and --keep-both, not several.");
    }
    OtherConfiguration other =
        replaces
            ? OtherConfiguration.REPLACE
            : keepsBoth ? OtherConfiguration.KEEP_BOTH : OtherConfiguration.REFUSE;
    return new WaveOptions(rowsPerWave, other, retries ? retry : List.of());
  }
}
