package org.trlm.job;

import java.io.File;
import org.apache.hadoop.fs.Path;

/** Paths as users type them, into paths that mean the same everywhere. Driver only. */
public final class Locations {
  private Locations() {}

  /**
   * A path with a scheme stays as it is; one without is a local file, against the working
   * directory, whatever the cluster's default file system is.
   *
   * @param option the option it came from, for messages
   * @throws JobException when it is empty, malformed, or a scheme that this version does not read
   */
  public static String resolve(String option, String path) {
    if (path == null || path.isBlank()) {
      throw new JobException(option + " is empty; give a path.");
    }
    if (path.startsWith("hf://")) {
      throw new JobException(
          option
              + " "
              + path
              + ": hf:// is not available in this version. Download the model (hf download"
              + " owner/name --local-dir DIR) and give the directory.");
    }
    try {
      Path parsed = new Path(path);
      if (parsed.toUri().getScheme() != null) {
        return parsed.toString();
      }
      return new Path(
              "file", null, new File(path).getAbsoluteFile().toPath().normalize().toString())
          .toString();
    } catch (IllegalArgumentException e) {
      throw new JobException(
          option
              + " "
              + path
              + " is not a path: "
              + e.getMessage()
              + ". Give a local path or a URI.",
          e);
    }
  }
}
