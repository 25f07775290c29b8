package org.trlm.job;

import java.io.PrintWriter;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.job.JobConfig.Compute;
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
    if (inputs.isEmpty()) {
      computeHere();
    } else {
      Sessions.inSession(
          "inspect",
          config.run().master(),
          session -> {
            input(session, model, String.join(", ", inputs));
            return null;
          });
    }
    out.flush();
    return TrlmSpark.DONE;
  }

  /** What this machine can, where no executors are known to be asked. */
  private void computeHere() {
    if (config.engine().compute() != Compute.EXACT) {
      String found =
          KernelProvider.missing(ComputeMode.BF16)
              .map(missing -> "bf16 is not possible on this machine: " + missing)
              .orElse("this machine can compute in bf16");
      ModelReport.line(out, "compute", found);
    }
  }

  private void input(SparkSession session, ModelBundle model, String inputs) {
    ComputeChoice compute = ComputeChoice.of(session.sparkContext(), config.engine());
    ModelReport.line(out, "compute", compute.describe());
    InputReport report = InputReport.of(session, config, model);
    EffectiveSampling sampling =
        new SamplingResolver(
                config.sampling(), model.generationDefaults(), model.config().vocabSize())
            .jobLevel();
    report.print(out, inputs, sampling);
    out.flush();
    if (report.answerableRows() == 0) {
      return;
    }
    if (!KernelProvider.vectorAvailable() && !config.engine().allowScalar()) {
      ModelReport.line(
          out, "estimate", "none: this JVM has no Vector API (--add-modules jdk.incubator.vector)");
      return;
    }
    Calibration measured = Calibration.of(session, compute.applyTo(config), model, report.rows());
    if (measured.hasAnswers()) {
      report.print(out, measured, session.sparkContext().defaultParallelism());
    } else {
      ModelReport.line(out, "estimate", "none: no row that was drawn has an answer");
    }
  }
}
