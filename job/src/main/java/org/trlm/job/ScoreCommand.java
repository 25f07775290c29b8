package org.trlm.job;

import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.inference.Scoring;
import org.trlm.job.input.ScoreOptions;
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
final class ScoreCommand extends AnswerCommand {
  @ArgGroup(validate = false, order = 40, heading = "%nScored rows:%n")
  ScoreArguments score = new ScoreArguments();

  @ArgGroup(validate = false, order = 50, heading = "%nRows that cannot be scored:%n")
  RefusalArguments refusals = new RefusalArguments();

  @Override
  int execute() {
    JobConfig config = configuration();
    ScoreOptions scored = score.toOptions();
    Jvm.checkJava(Runtime.version());
    OutputArguments.checkHoldsAnyRows(spec.name(), config.output());
    return answer(
        config,
        (session, bundle) -> BatchInference.run(session, config, bundle, Scoring.of(scored)));
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
