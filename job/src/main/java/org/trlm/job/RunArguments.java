package org.trlm.job;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How the job itself behaves; every command has these. */
final class RunArguments {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "YAML file of these options; a key is an option's name with underscores. An option on the"
              + " command line wins over its key.")
  Path config;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "Spark master, as local[4] or spark://host:7077. Default: what spark-submit set, else"
              + " local[*] (all cores).")
  String master;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description =
          "Partitions of the input, each one task. Default: chosen by the number of rows and"
              + " cores.")
  Integer partitions;

  @Option(
      names = "--verbose",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description = "Say more; errors with their stack trace. Default: false.")
  Boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  boolean isVerbose() {
    return Boolean.TRUE.equals(verbose);
  }

  Integer checkedPartitions() {
    if (partitions != null && partitions < 1) {
      throw new JobException("--partitions is " + partitions + "; allowed: 1 or more.");
    }
    return partitions;
  }
}
