package org.trlm.job;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.input.Causes;
import org.trlm.job.waves.WaveOutput;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code trlm-spark compact}: the waves of an output into few files. */
@Command(
    name = "compact",
    description = {
      "Puts the waves of an output into one, of few files. Rows and their columns stay as they are.",
      "Readers see all rows at every moment, and for a moment near the end some of them twice."
    },
    customSynopsis = "trlm-spark compact --output=DIR [OPTIONS]",
    sortOptions = false,
    footer = {"", "Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration."})
final class CompactCommand extends ConfiguredCommand {
  @ArgGroup(validate = false, order = 30, heading = "%nOutput:%n")
  PlaceArguments place = new PlaceArguments();

  /** Where the waves lie; their format is what they have. */
  static final class PlaceArguments {
    @Option(
        names = "--output",
        paramLabel = "DIR",
        description = "Directory that generate or score has written. Required.")
    String output;
  }

  @Override
  int execute() {
    Jvm.checkJava(Runtime.version());
    String path = path();
    OutputDirectory.checkForWaves(path, List.of(), Sessions.hadoop());
    return Sessions.inSession(spec.name(), run.master, session -> compact(session, path));
  }

  private String path() {
    if (place.output == null || place.output.isBlank()) {
      throw new JobException(
          "No output is given. Give --output DIR: a directory that generate or score has written.");
    }
    if (!place.output.equals(Locations.withoutPrefix(place.output))) {
      throw new JobException(
          "--output %s is a table; compact is for directories of waves. For a Delta table use Delta's own OPTIMIZE."
              .formatted(place.output));
    }
    return Locations.resolve("--output", place.output);
  }

  private int compact(SparkSession session, String path) {
    SparkSession own = session.newSession();
    OwnSession.prepare(own);
    try (WaveOutput written = WaveOutput.openWritten(own, path, RunIds.next(own, path))) {
      int waves = written.compact();
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              waves > 1 ? "%d waves of %s are one now.%n" : "%d wave in %s: nothing to do.%n",
              waves,
              path);
      return TrlmSpark.DONE;
    } catch (IOException e) {
      throw new RunFailedException(
          "%s cannot be compacted: %s. No row is lost; give the same command again."
              .formatted(path, Causes.chain(e)),
          e);
    }
  }
}
