package org.trlm.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The door to accelerators: what it says when there is none, and that it finds one. */
class ComputeModeTest {

  private static final String SERVICE = "META-INF/services/org.trlm.engine.kernel.ComputeProvider";

  private final Kernels scalar = KernelProvider.scalar();

  @TempDir Path directory;

  @Test
  void exactIsWhatItWasGiven() {
    assertThat(KernelProvider.missing(ComputeMode.EXACT)).isEmpty();
    assertThat(KernelProvider.packer(ComputeMode.EXACT, scalar)).isSameAs(scalar);
    assertThat(KernelProvider.offHeapBytes(ComputeMode.EXACT)).isZero();
  }

  @Test
  void aModeWithoutItsJarSaysWhichJar() {
    assertThat(KernelProvider.missing(ComputeMode.BF16).orElseThrow())
        .contains("bf16", "trlm-spark-onednn.jar", "--jars", "exact");
    assertThatThrownBy(() -> KernelProvider.packer(ComputeMode.BF16, scalar))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(KernelProvider.missing(ComputeMode.BF16).orElseThrow());
    assertThat(KernelProvider.offHeapBytes(ComputeMode.BF16)).isZero();
  }

  @Test
  void aProviderIsFoundByTheThreadsOwnClassLoader() throws Exception {
    withProvider(
        Usable.class.getName(),
        () -> {
          assertThat(KernelProvider.missing(ComputeMode.BF16)).isEmpty();
          assertThat(KernelProvider.packer(ComputeMode.BF16, scalar)).isSameAs(scalar);
          assertThat(KernelProvider.offHeapBytes(ComputeMode.BF16)).isEqualTo(7);
        });
    withProvider(
        Unusable.class.getName(),
        () -> {
          assertThat(KernelProvider.missing(ComputeMode.BF16)).contains("no such unit");
          assertThatThrownBy(() -> KernelProvider.packer(ComputeMode.BF16, scalar))
              .hasMessage("no such unit");
        });
    withProvider(
        "org.trlm.Absent",
        () ->
            assertThat(KernelProvider.missing(ComputeMode.BF16).orElseThrow())
                .contains("cannot be loaded", "org.trlm.Absent"));
  }

  private void withProvider(String className, Runnable check) throws Exception {
    Path file = directory.resolve(SERVICE);
    Files.createDirectories(file.getParent());
    Files.writeString(file, className + "\n");
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {directory.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      check.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** A provider that computes. */
  public static class Usable implements ComputeProvider {
    @Override
    public ComputeMode mode() {
      return ComputeMode.BF16;
    }

    @Override
    public Optional<String> missing() {
      return Optional.empty();
    }

    @Override
    public MatrixPacker packer(Kernels others) {
      return others;
    }

    @Override
    public long offHeapBytes() {
      return 7;
    }
  }

  /** A provider on a machine that it cannot use. */
  public static final class Unusable extends Usable {
    @Override
    public Optional<String> missing() {
      return Optional.of("no such unit");
    }
  }
}
