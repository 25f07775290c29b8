package org.trlm.job;

import java.util.function.BiFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.model.ModelBundle;
import picocli.CommandLine.ArgGroup;

/** What the commands share whose rows go through an engine, in waves. */
abstract class AnswerCommand extends TableCommand {
  @ArgGroup(validate = false, order = 35, heading = "%nRuns over the same output:%n")
  WaveArguments waves = new WaveArguments();

  @ArgGroup(validate = false, order = 60, heading = "%nEngine:%n")
  EngineArguments engine = new EngineArguments();

  /**
   * Looks at this JVM, the place of the output and the model, then runs in a session.
   *
   * @param work the run
   * @return the exit code
   */
  final int answer(JobConfig config, BiFunction<SparkSession, ModelBundle, RunSummary> work) {
    Jvm.checkVectorApi(config.engine());
    Configuration hadoop = Sessions.hadoop();
    OutputDirectory.checkForWaves(
        DeltaOutput.written(config).output().path(), config.input().places(), hadoop);
    ModelBundle bundle = ModelBundle.load(config.model().path(), hadoop);
    ModelChecks.check(config, bundle);
    RunSummary summary =
        Sessions.inSession(
            spec.name(), config.run().master(), session -> work.apply(session, bundle));
    return RefusalArguments.exitCode(
        summary, config.run().maxErrorRate(), spec.commandLine().getErr());
  }
}
