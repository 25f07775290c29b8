package org.trlm.job;

import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.WaveOptions;
import picocli.CommandLine.Option;

/** Where the rows go. */
final class OutputArguments {
  @Option(
      names = "--output",
      paramLabel = "DIR",
      description =
          "Directory to write, on any Hadoop file system. generate goes on with an output of its own."
              + " Required, except for a dry run.")
  String output;

  @Option(
      names = "--output-format",
      paramLabel = "parquet|jsonl|openai-batch|delta",
      converter = Words.FormatConverter.class,
      description = "Format of the output. Default: parquet.")
  Format outputFormat;

  @Option(
      names = "--include-rendered-prompt",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description = "Fill the column rendered_prompt: the text the model read. Default: false.")
  Boolean includeRenderedPrompt;

  /** What {@code inspect} and a dry run take: nothing is written. */
  static OutputOptions nothing() {
    return new OutputOptions(null, Format.PARQUET, false, false);
  }

  /** For commands that write their output in one go. */
  OutputOptions toOptions(Boolean includeTokenIds) {
    return toOptions(includeTokenIds, WaveOptions.DEFAULT);
  }

  OutputOptions toOptions(Boolean includeTokenIds, WaveOptions waves) {
    if (output == null || output.isBlank()) {
      throw new JobException(
          "No output is given. Give --output DIR (or the key output in the file of --config): a"
              + " directory that does not exist yet, or that this job has written.");
    }
    return new OutputOptions(
        Locations.resolve("--output", Locations.withoutPrefix(output)),
        format(),
        Boolean.TRUE.equals(includeTokenIds),
        Boolean.TRUE.equals(includeRenderedPrompt),
        waves);
  }

  /**
   * For commands whose rows are not answers.
   *
   * @throws JobException when the output cannot hold them
   */
  static void checkHoldsAnyRows(String command, OutputOptions output) {
    if (output.format() != Format.PARQUET && output.format() != Format.JSONL) {
      throw new JobException(
          "--output-format %s holds generated answers only; %s writes parquet or jsonl."
              .formatted(output.format().word(), command));
    }
  }

  private Format format() {
    if (output.startsWith(Locations.TABLE)) {
      throw new JobException(
          "--output " + output + " is a table; give a directory, or delta:PATH for a Delta table.");
    }
    if (!output.startsWith(Locations.DELTA)) {
      return outputFormat == null ? Format.PARQUET : outputFormat;
    }
    if (outputFormat != null && outputFormat != Format.DELTA) {
      throw new JobException(
          "--output "
              + output
              + " is delta by its prefix, but --output-format is "
              + outputFormat.word()
              + ". Leave one of them out.");
    }
    return Format.DELTA;
  }
}
