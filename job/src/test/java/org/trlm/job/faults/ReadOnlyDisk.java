package org.trlm.job.faults;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.Path;

/** A disk that refuses all changes after a certain one, as one that was mounted anew read-only. */
public final class ReadOnlyDisk implements Fault {
  private final String counted;
  private final AtomicInteger left;

  private ReadOnlyDisk(String counted, int left) {
    this.counted = counted;
    this.left = new AtomicInteger(left);
  }

  /** Refuses changes once so many waves have become visible. */
  public static ReadOnlyDisk afterWaves(int waves) {
    return new ReadOnlyDisk("wave=", waves);
  }

  /** Refuses changes after so many. */
  public static ReadOnlyDisk afterChanges(int changes) {
    return new ReadOnlyDisk("", changes);
  }

  /** How many of the changes that count are left until none is allowed any more. */
  public int left() {
    return Math.max(0, left.get());
  }

  private boolean allows(Path changed) {
    return changed.getName().startsWith(counted) ? left.getAndDecrement() > 0 : left.get() > 0;
  }

  @Override
  public void beforeCreate(Path file) throws IOException {
    if (!allows(file)) {
      throw new FileNotFoundException(file.toUri().getPath() + " (Read-only file system)");
    }
  }

  @Override
  public void beforeWrite(Path file, int bytes) throws IOException {
    if (left.get() <= 0) {
      throw new IOException("Read-only file system");
    }
  }

  @Override
  public boolean beforeRename(Path from, Path to) {
    return allows(to);
  }

  @Override
  public boolean beforeDelete(Path path) {
    return allows(path);
  }

  @Override
  public boolean beforeMakeDirectory(Path directory) {
    return allows(directory);
  }
}
