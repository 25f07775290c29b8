package org.trlm.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.SparkEnv;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.ComputeProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.WeightMatrix;

/**
 * A provider of bf16 without native code, for tests of the job: computes as exact does under a name
 * of its own. Found only where {@link #SERVICE} is on the class path. Executor {@value #LACKING} of
 * a cluster has not got what it needs.
 */
public final class FakeCompute implements ComputeProvider {
  /** The directory that makes a class path one with the provider. */
  static final Path SERVICE = Path.of("src", "test", "fake-compute").toAbsolutePath();

  static final String NAME = "fake-bf16";
  static final String LACKING = "1";
  static final String LACK = "executor 1 has no fake matrix unit";

  /** As if the provider's jar were on the class path of this thread. */
  static <T> T withJar(Callable<T> work) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {url()}, before)) {
      thread.setContextClassLoader(loader);
      return work.call();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static URL url() {
    try {
      return SERVICE.toUri().toURL();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public ComputeMode mode() {
    return ComputeMode.BF16;
  }

  @Override
  public Optional<String> missing() {
    boolean lacking = SparkEnv.get() != null && LACKING.equals(SparkEnv.get().executorId());
    return lacking ? Optional.of(LACK) : Optional.empty();
  }

  @Override
  public MatrixPacker packer(Kernels others) {
    return new MatrixPacker() {
      @Override
      public String name() {
        return NAME;
      }

      @Override
      public List<WeightMatrix> pack(List<MatrixRows> matrices) {
        return others.pack(matrices);
      }
    };
  }

  @Override
  public long offHeapBytes() {
    return 0;
  }
}
