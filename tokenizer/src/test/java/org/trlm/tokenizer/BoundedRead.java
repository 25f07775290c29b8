package org.trlm.tokenizer;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Measures what a call allocates, garbage included. */
public final class BoundedRead {

  /** What reading a file may allocate beyond the file's own size. */
  public static final long EXTRA_BYTES = 64L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private BoundedRead() {}

  /** Bytes that the call allocates on this thread. */
  public static long allocatedBy(Runnable call) {
    long before = allocated();
    call.run();
    return allocated() - before;
  }

  /** Bytes that this thread has allocated since it started. */
  public static long allocated() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }
}
