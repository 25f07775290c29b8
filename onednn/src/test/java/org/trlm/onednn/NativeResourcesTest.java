package org.trlm.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;

/** Memory off the heap and threads outside the JVM: what is taken is counted and given back. */
class NativeResourcesTest {

  private static final long MOST_WAIT_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final MatrixPacker packer =
      KernelProvider.packer(ComputeMode.BF16, KernelProvider.scalar());

  @Test
  void memoryIsCountedAndFreedWithTheLastMatrix() throws InterruptedException {
    long before = held();
    WeightMatrix kept = packer.pack(List.of(matrix(256, 128), matrix(128, 256))).get(1);
    assertThat(kept.bytes()).isGreaterThanOrEqualTo(TestPrecision.asked().bytes() * 256L * 128);
    // no less: what other tests left may be freed meanwhile, but not this
    assertThat(held()).isGreaterThanOrEqualTo(2 * kept.bytes());
    float[] out = new float[128];
    kept.multiply(new float[256], 0, 256, 1, out, 0, 128);
    assertThat(out).containsOnly(0f);
    kept = null;
    awaitHeld(before);
  }

  @Test
  void memoryIsFreedWhenPackingFails() throws InterruptedException {
    MatrixRows broken =
        new MatrixRows(
            "broken",
            64,
            64,
            PanelDtype.BFLOAT16,
            (row, into, at) -> {
              throw new IllegalArgumentException("no row " + row);
            });
    long before = held();
    assertThatThrownBy(() -> packer.pack(List.of(matrix(64, 64), broken))).hasMessage("no row 0");
    awaitHeld(before);
  }

  /** OpenMP's threads have the name of the thread that asked for them. */
  @Test
  void productsRunInTheCallingThreadAlone() throws Exception {
    WeightMatrix matrix = packer.pack(List.of(matrix(4096, 512))).get(0);
    long[] sameName = new long[1];
    Throwable[] failure = new Throwable[1];
    Thread caller =
        new Thread(
            () -> {
              try {
                float[] out = new float[128 * 4096];
                matrix.multiply(new float[128 * 512], 0, 512, 128, out, 0, 4096);
                sameName[0] = threadsNamed("onednn-caller");
              } catch (IOException | RuntimeException | Error e) {
                failure[0] = e;
              }
            },
            "onednn-caller");
    caller.start();
    caller.join();
    assertThat(failure[0]).isNull();
    assertThat(sameName[0]).isEqualTo(1);
  }

  private static long threadsNamed(String name) throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      return tasks.filter(task -> nameOf(task).equals(name)).count();
    }
  }

  /** Empty for a thread that ended meanwhile. */
  private static String nameOf(Path task) {
    try {
      return Files.readString(task.resolve("comm")).trim();
    } catch (IOException e) {
      return "";
    }
  }

  private static long held() {
    return KernelProvider.offHeapBytes(ComputeMode.BF16);
  }

  /** Until models that nobody holds are gone; those of other tests may go meanwhile too. */
  private static void awaitHeld(long atMost) throws InterruptedException {
    long begin = System.nanoTime();
    while (held() > atMost && System.nanoTime() - begin < MOST_WAIT_NANOS) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(held()).isLessThanOrEqualTo(atMost);
  }

  private static MatrixRows matrix(int numRows, int numCols) {
    return new MatrixRows("test", numRows, numCols, PanelDtype.BFLOAT16, (row, into, at) -> {});
  }
}
