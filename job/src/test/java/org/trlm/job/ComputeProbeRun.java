package org.trlm.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.job.inference.ComputeProbe;

/** A driver of its own that asks the two executors of a cluster what they can compute in. */
final class ComputeProbeRun {
  private ComputeProbeRun() {}

  /**
   * @param arguments the file that gets an answer a line
   */
  public static void main(String[] arguments) throws IOException {
    SparkSession session = LocalClusterRun.session();
    try {
      List<ComputeProbe.Answer> answers =
          ComputeProbe.ask(session.sparkContext(), ComputeMode.BF16);
      Files.write(Path.of(arguments[0]), answers.stream().map(Object::toString).toList());
    } finally {
      session.stop();
    }
  }
}
