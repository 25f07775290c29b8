package org.trlm.job;

import org.apache.hadoop.conf.Configuration;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.inference.Scoring;
import org.trlm.job.input.ScoreOptions;
import org.trlm.job.model.ModelBundle;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** {@code trlm-spark score}: log-likelihoods of choices, continuations and texts. */
@Command(
    name = "score",
    description = {
      "Log-likelihood of each choice of a list, or of a continuation, after a prompt; with --rolling"
          + " of whole texts. One output row per input row.",
      "Output columns: those of the input, choice_scores, best_by_sum, best_by_token, best_by_char,"
          + " best_by_byte; text_logprob, perplexity, bits_per_byte; ids, status, error, usage."
    },
    customSynopsis = "trlm-spark score --model=PATH --input=PATH --output=DIR [OPTIONS]",
    sortOptions = false,
    footer = {"", "Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration."})
final class ScoreCommand extends ConfiguredCommand {
  @ArgGroup(validate = false, order = 10, heading = "%nModel:%n")
  ModelArguments model = new ModelArguments();

  @ArgGroup(validate = false, order = 20, heading = "%nInput:%n")
  InputArguments input = new InputArguments();

  @ArgGroup(validate = false, order = 30, heading = "%nOutput:%n")
  OutputArguments output = new OutputArguments();

  @ArgGroup(validate = false, order = 35, heading = "%nRuns over the same output:%n")
  WaveArguments waves = new WaveArguments();

  @ArgGroup(validate = false, order = 40, heading = "%nScored rows:%n")
  ScoreArguments score = new ScoreArguments();

  @ArgGroup(validate = false, order = 50, heading = "%nRows that cannot be scored:%n")
  RefusalArguments refusals = new RefusalArguments();

  @ArgGroup(validate = false, order = 60, heading = "%nEngine:%n")
  EngineArguments engine = new EngineArguments();

  @Override
  int execute() {
    JobConfig config = configuration();
    ScoreOptions scored = score.toOptions();
    Jvm.checkJava(Runtime.version());
    OutputArguments.checkHoldsAnyRows(spec.name(), config.output());
    Jvm.checkVectorApi(config.engine());
    Configuration hadoop = Sessions.hadoop();
    OutputDirectory.checkForWaves(config.output().path(), config.input().places(), hadoop);
    ModelBundle bundle = ModelBundle.load(config.model().path(), hadoop);
    ModelChecks.check(config, bundle);
    return Sessions.inSession(
        spec.name(),
        config.run().master(),
        session ->
            RefusalArguments.exitCode(
                BatchInference.run(session, config, bundle, Scoring.of(scored)),
                config.run().maxErrorRate(),
                spec.commandLine().getErr()));
  }

  /** The effective configuration of this command line and file. */
  JobConfig configuration() {
    if (score.isRolling()) {
      model.noChatTemplate = true;
    }
    InputOptions prompts = input.toOptions();
    if (prompts.paramsColumn() != null || !prompts.paramColumns().isEmpty()) {
      throw new JobException(
          "score samples nothing, so --params-column and --param-columns have no effect. Leave them"
              + " out.");
    }
    return new JobConfig(
        model.toOptions(),
        prompts,
        output.toOptions(false, waves.toOptions()),
        SamplingOptions.NONE,
        engine.toOptions(),
        new RunOptions(
            run.master,
            run.checkedPartitions(),
            refusals.checkedErrorRate(),
            refusals.promptTooLong(),
            false,
            run.isVerbose()));
  }
}
