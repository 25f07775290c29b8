package org.trlm.job.faults;

import java.io.IOException;
import java.nio.file.Files;
import org.apache.hadoop.fs.Path;

/** A file that somebody deletes as soon as a run has made its first one. */
public final class DeletedFile implements Fault {
  private final java.nio.file.Path file;

  public DeletedFile(java.nio.file.Path file) {
    this.file = file;
  }

  @Override
  public void beforeCreate(Path created) throws IOException {
    Files.deleteIfExists(file);
  }
}
