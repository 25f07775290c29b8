package org.trlm.job.faults;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.Path;

/** A disk without room, once so many waves have become visible and some more bytes were written. */
public final class FullDisk implements Fault {
  private final AtomicInteger waves;
  private final AtomicLong bytes;

  /**
   * @param waves that still find room, at least one
   * @param bytes that find room after them
   */
  public FullDisk(int waves, long bytes) {
    this.waves = new AtomicInteger(waves);
    this.bytes = new AtomicLong(bytes);
  }

  @Override
  public void beforeWrite(Path file, int length) throws IOException {
    if (waves.get() <= 0 && bytes.addAndGet(-length) < 0) {
      throw new IOException("No space left on device");
    }
  }

  @Override
  public boolean beforeRename(Path from, Path to) {
    if (to.getName().startsWith("wave=")) {
      waves.decrementAndGet();
    }
    return true;
  }
}
