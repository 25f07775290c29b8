package org.trlm.job;

import org.apache.hadoop.conf.Configuration;
import org.trlm.engine.kernel.KvCacheDtype;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.JobConfig.Dtype;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.JobConfig.PromptTooLong;
import org.trlm.job.JobConfig.RunOptions;
import org.trlm.job.JobConfig.SamplingOptions;
import org.trlm.job.model.ModelBundle;
import picocli.CommandLine.Command;

/** {@code trlm-spark tokenize}: token ids and counts of a table of prompts or messages. */
@Command(
    name = "tokenize",
    description = {
      "Token ids and counts of a table of prompts or messages, exactly what generate would feed.",
      "Output columns: those of the input, custom_id, token_ids, num_tokens, rendered_prompt, status,"
          + " error."
    },
    customSynopsis = "trlm-spark tokenize --model=PATH --input=PATH --output=DIR [OPTIONS]",
    sortOptions = false,
    footer = {"", "Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration."})
final class TokenizeCommand extends TableCommand {
  @Override
  int execute() {
    JobConfig config = configuration();
    Jvm.checkJava(Runtime.version());
    OutputArguments.checkHoldsAnyRows(spec.name(), config.output());
    Configuration hadoop = Sessions.hadoop();
    OutputDirectory.check(config.output().path(), config.input().places(), hadoop);
    ModelBundle bundle = ModelBundle.load(config.model().path(), hadoop);
    ModelChecks.check(config, bundle);
    return Sessions.inSession(
        spec.name(),
        config.run().master(),
        session -> {
          Tokenization.run(session, config, bundle);
          return TrlmSpark.DONE;
        });
  }

  /** The effective configuration of this command line and file. */
  JobConfig configuration() {
    return new JobConfig(
        model.toOptions(),
        input.toOptions(),
        output.toOptions(true),
        SamplingOptions.NONE,
        new EngineOptions(
            Dtype.AUTO, Compute.EXACT, null, null, null, null, KvCacheDtype.FLOAT32, true, true),
        new RunOptions(
            run.master, run.checkedPartitions(), 1, PromptTooLong.ERROR, false, run.isVerbose()));
  }
}
