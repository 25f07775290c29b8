package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Base64;
import java.util.function.Function;
import org.trlm.engine.weights.WeightFormatException;

/** Reads a file that is not trusted and fails the test unless the package keeps its promises. */
final class BoundedRead {
  private static final long EXTRA_BYTES = 64L << 20;
  private static final int SHOWN_BYTES = 4096;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private BoundedRead() {}

  /**
   * Whether the file was read; else it was refused. Another exception, or allocating more than the
   * file's size and 64 MB, fails the test.
   */
  static boolean isRead(byte[] file, Function<byte[], Object> reader) {
    long before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    boolean read = true;
    try {
      reader.apply(file);
    } catch (WeightFormatException expected) {
      read = false;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(shown(file), e);
    }
    long allocated = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertThat(allocated)
        .as(() -> "bytes allocated for " + shown(file))
        .isLessThan(file.length + EXTRA_BYTES);
    return read;
  }

  private static String shown(byte[] file) {
    byte[] head = java.util.Arrays.copyOf(file, Math.min(file.length, SHOWN_BYTES));
    return "a file of " + file.length + " bytes: " + Base64.getEncoder().encodeToString(head);
  }
}
