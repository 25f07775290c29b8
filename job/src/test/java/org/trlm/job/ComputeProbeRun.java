package org.trlm.job;

import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.job.inference.ComputeProbe;

/** A driver of its own that asks the two executors of a cluster what they can compute in. */
final class ComputeProbeRun {
  private ComputeProbeRun() {}

  /** Prints an answer a line. */
  public static void main(String[] arguments) {
    SparkSession session = LocalClusterRun.session();
    try {
      List<ComputeProbe.Answer> answers =
          ComputeProbe.ask(session.sparkContext(), ComputeMode.BF16);
      answers.forEach(System.out::println);
    } finally {
      session.stop();
    }
  }
}
