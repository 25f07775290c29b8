package org.trlm.job;

import java.io.IOException;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.OutputOptions;
import org.trlm.job.JobConfig.WaveOptions;
import org.trlm.job.waves.WaveOutput;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

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
  OutputArguments output = new OutputArguments();

  @Override
  int execute() {
    Jvm.checkJava(Runtime.version());
    OutputOptions options = output.toOptions(null, WaveOptions.DEFAULT);
    return Sessions.inSession(spec.name(), run.master, session -> compact(session, options));
  }

  private int compact(SparkSession session, OutputOptions options) {
    SparkSession own = session.newSession();
    OwnSession.prepare(own);
    try (WaveOutput opened = WaveOutput.open(own, options, RunIds.next(own, options.path()))) {
      int waves = opened.compact();
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              waves > 1 ? "%d waves of %s are one now.%n" : "%d wave in %s: nothing to do.%n",
              waves,
              options.path());
      return TrlmSpark.DONE;
    } catch (IOException e) {
      throw new RunFailedException(
          "%s cannot be compacted: %s. No row is lost; give the same command again."
              .formatted(options.path(), e.getMessage()),
          e);
    }
  }
}
