package org.trlm.job.faults;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * Tasks that ask for more memory than their JVM has, when they begin a file of a wave: so many in
 * all JVMs that look at the same directory.
 */
public final class FullHeap implements Fault {
  private final java.nio.file.Path directory;
  private final int times;

  /**
   * @param directory that exists, for one file each time
   */
  public FullHeap(java.nio.file.Path directory, int times) {
    this.directory = directory;
    this.times = times;
  }

  @Override
  public void beforeCreate(Path file) throws IOException {
    if (file.getName().startsWith("part-") && file.toString().contains("/_open-") && isNext()) {
      List<long[]> taken = new ArrayList<>();
      while (true) {
        taken.add(new long[1 << 24]);
      }
    }
  }

  private boolean isNext() throws IOException {
    for (int time = 0; time < times; time++) {
      try {
        Files.createFile(directory.resolve("full-" + time));
        return true;
      } catch (FileAlreadyExistsException e) {
        // another task was faster
      }
    }
    return false;
  }
}
