package org.trlm.job;

import java.util.List;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.RunOptions;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** {@code trlm-spark inspect}: what a model and an input are; writes nothing. */
@Command(
    name = "inspect",
    description =
        "Says what a model is, and what an input table is to it: checks both, counts rows, error rows"
            + " and prompt tokens, and estimates generated tokens, memory and time from a short measured"
            + " run on rows drawn at random. Writes nothing.",
    customSynopsis = "trlm-spark inspect --model=PATH [--input=PATH] [OPTIONS]",
    sortOptions = false,
    footer = {"", "Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration."})
final class InspectCommand extends ConfiguredCommand {
  @ArgGroup(validate = false, order = 10, heading = "%nModel:%n")
  ModelArguments model = new ModelArguments();

  @ArgGroup(validate = false, order = 20, heading = "%nInput (without one, only the model):%n")
  InputArguments input = new InputArguments();

  @ArgGroup(validate = false, order = 50, heading = "%nSampling:%n")
  SamplingArguments sampling = new SamplingArguments();

  @ArgGroup(validate = false, order = 60, heading = "%nEngine:%n")
  EngineArguments engine = new EngineArguments();

  @Override
  int execute() {
    JobConfig config = configuration();
    Jvm.checkJava(Runtime.version());
    return new Inspection(config, spec.commandLine().getOut()).run();
  }

  /**
   * The effective configuration of this command line and file; no input paths when none is given.
   */
  JobConfig configuration() {
    return new JobConfig(
        model.toOptions(),
        input.isGiven() ? input.toOptions() : InputOptions.of(List.of()),
        OutputArguments.nothing(),
        sampling.toOptions(),
        engine.toOptions(),
        new RunOptions(
            run.master, run.checkedPartitions(), 1, PromptTooLong.ERROR, true, run.isVerbose()));
  }
}
