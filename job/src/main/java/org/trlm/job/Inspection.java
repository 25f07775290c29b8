package org.trlm.job;

import java.io.PrintWriter;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.trlm.job.input.EffectiveSampling;
import org.trlm.job.input.SamplingResolver;
import org.trlm.job.model.ModelBundle;

/**
 * The run of {@code inspect} and of a dry run: says what the model is, then what the input is to
 * it. Writes to {@code out} only.
 */
final class Inspection {
  private final JobConfig config;
  private final PrintWriter out;

  Inspection(JobConfig config, PrintWriter out) {
    this.config = config;
    this.out = out;
  }

  /** Returns the exit code; a model or input that cannot be used is a {@link JobException}. */
  int run() {
    Configuration hadoop = Sessions.hadoop();
    ModelBundle model = ModelBundle.load(config.model().path(), hadoop);
    new ModelReport(model, config).print(out);
    ModelChecks.check(config, model);
    List<String> inputs = config.input().paths();
    if (!inputs.isEmpty()) {
      InputReport report =
          Sessions.inSession(
              "inspect", config.run().master(), session -> InputReport.of(session, config, model));
      EffectiveSampling sampling =
          new SamplingResolver(
                  config.sampling(), model.generationDefaults(), model.config().vocabSize())
              .jobLevel();
      report.print(out, String.join(", ", inputs), sampling);
    }
    out.flush();
    return TrlmSpark.DONE;
  }
}
