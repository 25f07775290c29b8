package org.trlm.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.MatrixPacker;
import org.trlm.engine.kernel.MatrixRows;
import org.trlm.engine.kernel.PanelDtype;
import org.trlm.engine.kernel.WeightMatrix;

/** As many products as 200,000 rows of the tiny model make do not make the JVM larger. */
@Tag("real-model")
class NativeMemoryTest {

  private static final int ROWS = 200_000;

  /** Four a layer and one for the logits, as the tiny model has them. */
  private static final int PRODUCTS_PER_ROW = 4 * 4 + 1;

  /** Half of the products come first: the heap and the compilers have settled then. */
  private static final int HALF = ROWS * PRODUCTS_PER_ROW / 2;

  /** A leak of 16 bytes a product would be 27 MB. */
  private static final long MOST_GROWTH = 24L << 20;

  private static final long SMALL_CHANGE = 1L << 20;

  @Test
  void productsLeaveNothingBehind() throws Exception {
    MatrixPacker packer = KernelProvider.packer(ComputeMode.BF16, KernelProvider.vector());
    MatrixRows small =
        new MatrixRows(
            "small",
            64,
            32,
            PanelDtype.BFLOAT16,
            (row, into, at) -> Arrays.fill(into, at, at + 32, row));
    List<WeightMatrix> matrices = packer.pack(List.of(small, small, small));
    Random random = new Random(7);
    float[] x = new float[130 * 32];
    float[] out = new float[130 * 64];
    multiply(matrices, x, out, random, HALF);
    long before = settledResidentBytes();
    long heldBefore = KernelProvider.offHeapBytes(ComputeMode.BF16);
    multiply(matrices, x, out, random, HALF);
    long growth = settledResidentBytes() - before;
    System.out.printf(
        "%d products, and as many again: %d KiB more resident memory%n", HALF, growth >> 10);
    assertThat(growth).isLessThan(MOST_GROWTH);
    // less where a model of another test was freed meanwhile
    assertThat(KernelProvider.offHeapBytes(ComputeMode.BF16)).isLessThanOrEqualTo(heldBefore);
  }

  /** Of one row mostly, as a decode step has them, and of all counts up to more than one size. */
  private static void multiply(
      List<WeightMatrix> matrices, float[] x, float[] out, Random random, int products) {
    for (int i = 0; i < products; i++) {
      int tokens = i % 64 == 0 ? 1 + random.nextInt(130) : 1;
      matrices.get(i % matrices.size()).multiply(x, 0, 32, tokens, out, 0, 64);
    }
  }

  /** When collections make it no smaller: what other tests left must not hide a growth. */
  private static long settledResidentBytes() throws IOException, InterruptedException {
    long least = Long.MAX_VALUE;
    for (int unchanged = 0; unchanged < 5; unchanged++) {
      System.gc();
      Thread.sleep(50);
      long now = residentBytes();
      if (now < least - SMALL_CHANGE) {
        least = now;
        unchanged = 0;
      }
    }
    return least;
  }

  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
