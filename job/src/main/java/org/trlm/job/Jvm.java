package org.trlm.job;

import org.trlm.engine.kernel.KernelProvider;

/** What the driver's JVM must be, checked before any work. */
final class Jvm {
  private Jvm() {}

  /**
   * @throws JobException when this Java is known to damage data
   */
  static void checkJava(Runtime.Version version) {
    boolean damaged = version.feature() == 25 && version.interim() == 0 && version.update() < 3;
    if (damaged) {
      throw new JobException(
          "Java "
              + version
              + " can corrupt compressed data while it is written (JDK-8377811, the G1 collector"
              + " moves pinned arrays), so no job is run on it. Use Java 17, 21, or 25.0.3 or newer:"
              + " set JAVA_HOME.");
    }
  }

  /**
   * @throws JobException when the Vector API is not there and {@code --allow-scalar} was not given
   */
  static void checkVectorApi(JobConfig.EngineOptions engine) {
    if (!engine.allowScalar() && !KernelProvider.vectorAvailable()) {
      throw new JobException(
          "This JVM runs without the Vector API, and the job would be many times slower. Start it"
              + " with --add-modules jdk.incubator.vector (submit/local.sh and spark-submit do so),"
              + " or give --allow-scalar to go on without.");
    }
  }
}
