package org.trlm.job;

import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.model.ModelBundle;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code trlm-spark generate}: completions for a table of prompts. */
@Command(
    name = "generate",
    description = "Completions for a table of prompts: one output row per input row.",
    customSynopsis = "trlm-spark generate --model=PATH --input=PATH --output=DIR [OPTIONS]",
    sortOptions = false,
    footer = {
      "",
      "For a sampling value the row wins over the option, the option over the file of --config, the"
          + " file over the model's generation_config.json, and that over the default.",
      "Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration."
    })
final class GenerateCommand extends AnswerCommand {
  @ArgGroup(validate = false, order = 40, heading = "%nGenerated rows:%n")
  RowArguments rows = new RowArguments();

  @ArgGroup(validate = false, order = 45, heading = "%nRows that cannot be answered:%n")
  RefusalArguments refusals = new RefusalArguments();

  @ArgGroup(validate = false, order = 50, heading = "%nSampling:%n")
  SamplingArguments sampling = new SamplingArguments();

  /** What is written of rows, and how many are shown. */
  static final class RowArguments {
    @Option(
        names = "--include-token-ids",
        arity = "0..1",
        fallbackValue = "true",
        hideParamSyntax = true,
        paramLabel = "true|false",
        description = "Fill the column token_ids: the generated ids. Default: false.")
    Boolean includeTokenIds;

    @Option(
        names = "--show",
        paramLabel = "N",
        description = "Print the first N output rows at the end. Default: 0.")
    Integer show;

    @Option(
        names = "--dry-run",
        arity = "0..1",
        fallbackValue = "true",
        hideParamSyntax = true,
        paramLabel = "true|false",
        description =
            "Check everything, report as inspect does, generate and write nothing. Default: false.")
    Boolean dryRun;

    boolean isDryRun() {
      return Boolean.TRUE.equals(dryRun);
    }

    int checkedShow() {
      if (show != null && show < 0) {
        throw new JobException("--show is " + show + "; allowed: 0 or more.");
      }
      return show == null ? 0 : show;
    }
  }

  @Override
  int execute() {
    JobConfig config = configuration();
    int shown = rows.checkedShow();
    if (shown > 0 && config.output().format() == Format.OPENAI_BATCH) {
      throw new JobException(
          "--show prints rows of parquet and jsonl outputs, and --output-format is openai-batch."
              + " Leave one of them out.");
    }
    Jvm.checkJava(Runtime.version());
    if (rows.isDryRun()) {
      return new Inspection(config, spec.commandLine().getOut()).run();
    }
    return answer(config, (session, bundle) -> generate(session, config, bundle, shown));
  }

  /** The effective configuration of this command line and file. */
  JobConfig configuration() {
    return new JobConfig(
        model.toOptions(),
        input.toOptions(),
        rows.isDryRun()
            ? OutputArguments.nothing()
            : output.toOptions(rows.includeTokenIds, waves.toOptions()),
        sampling.toOptions(),
        engine.toOptions(),
        new RunOptions(
            run.master,
            run.checkedPartitions(),
            refusals.checkedErrorRate(),
            refusals.promptTooLong(),
            rows.isDryRun(),
            run.isVerbose()));
  }

  private RunSummary generate(
      SparkSession session, JobConfig config, ModelBundle bundle, int shown) {
    RunSummary summary = DeltaOutput.run(session, config, bundle);
    if (shown > 0) {
      ShownRows.print(
          session,
          config.input(),
          DeltaOutput.written(config).output(),
          shown,
          spec.commandLine().getOut());
    }
    return summary;
  }
}
