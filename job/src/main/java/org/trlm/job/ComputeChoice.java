package org.trlm.job;

import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.job.JobConfig.Compute;
import org.trlm.job.JobConfig.EngineOptions;
import org.trlm.job.inference.ComputeProbe;
import org.trlm.job.inference.ComputeProbe.Answer;

/**
 * In which mode an application computes: decided once on the driver, before any work, and the same
 * for all its tasks. It is part of each row's request id, so an executor that comes later and
 * cannot compute so fails its tasks.
 *
 * @param asked for by the user
 * @param chosen of the two modes; never AUTO
 * @param reason for the choice, as a part of a sentence
 * @param kernels names of the kernels that compute so
 */
public record ComputeChoice(Compute asked, Compute chosen, String reason, String kernels) {

  /**
   * Decides. Only where more than the exact mode is asked for do the executors get a task.
   *
   * @throws JobException when bf16 is asked for and an executor cannot, saying which and why
   */
  static ComputeChoice of(SparkContext spark, EngineOptions engine) {
    if (engine.compute() == Compute.EXACT) {
      return exact(engine, "asked for, or by default");
    }
    List<Answer> answers = ComputeProbe.ask(spark, ComputeMode.BF16);
    ComputeChoice choice = of(engine, answers);
    System.err.println("Compute: " + choice.describe());
    return choice;
  }

  static ComputeChoice of(EngineOptions engine, List<Answer> answers) {
    List<Answer> lacking = answers.stream().filter(answer -> answer.missing() != null).toList();
    if (lacking.isEmpty()) {
      return bf16(engine, answers);
    }
    String lack = lack(answers, lacking);
    if (engine.compute() == Compute.BF16) {
      throw new JobException(
          "--compute bf16 is not possible " + lack + ". docs/compute.md says what it needs.");
    }
    return exact(engine, "bf16 is not possible " + lack);
  }

  private static String lack(List<Answer> answers, List<Answer> lacking) {
    String hosts =
        lacking.stream().map(Answer::host).distinct().limit(3).collect(Collectors.joining(", "));
    String where =
        answers.size() == 1
            ? "on " + hosts
            : "on %d of %d executors (%s)".formatted(lacking.size(), answers.size(), hosts);
    return where + ": " + lacking.get(0).missing();
  }

  private static ComputeChoice bf16(EngineOptions engine, List<Answer> answers) {
    String kernels =
        answers.stream()
            .map(Answer::kernels)
            .collect(Collectors.toCollection(TreeSet::new))
            .stream()
            .collect(Collectors.joining(", "));
    String able = answers.size() == 1 ? "the executor can" : "all %d executors can";
    return new ComputeChoice(
        engine.compute(), Compute.BF16, able.formatted(answers.size()), kernels);
  }

  private static ComputeChoice exact(EngineOptions engine, String reason) {
    return new ComputeChoice(engine.compute(), Compute.EXACT, reason, ComputeProbe.exact().name());
  }

  /** The configuration of tasks that compute so. */
  JobConfig applyTo(JobConfig config) {
    return config.with(config.engine().with(chosen));
  }

  /** For the log and reports: {@code bf16 (auto: all 4 executors can; onednn-bf16)}. */
  String describe() {
    String why = asked == Compute.AUTO ? "auto: " + reason + "; " : "";
    return "%s (%s%s)".formatted(chosen.word(), why, kernels);
  }
}
