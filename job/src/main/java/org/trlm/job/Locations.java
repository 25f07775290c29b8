package org.trlm.job;

import java.io.File;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** Paths as users type them, into paths that mean the same everywhere. Driver only. */
public final class Locations {
  /** Before the name of a table that Spark's catalog knows. */
  public static final String TABLE = "table:";

  /** Before the path of a Delta Lake table. */
  public static final String DELTA = "delta:";

  private Locations() {}

  /**
   * An input as {@link #resolve} has it; a prefix stays in front of it, a table's name is left
   * alone.
   */
  static String resolveInput(String path) {
    if (path != null && path.startsWith(TABLE)) {
      if (path.substring(TABLE.length()).isBlank()) {
        throw new JobException(
            "--input table: names no table; give table:NAME, as table:sales.reviews.");
      }
      return path;
    }
    if (path != null && path.startsWith(DELTA)) {
      return DELTA + resolve("--input", withoutPrefix(path));
    }
    return resolve("--input", path);
  }

  /** The path, or table name, after a prefix; without one, the path itself. */
  public static String withoutPrefix(String path) {
    for (String prefix : List.of(TABLE, DELTA)) {
      if (path.startsWith(prefix)) {
        return path.substring(prefix.length());
      }
    }
    return path;
  }

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
