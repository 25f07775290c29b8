package org.trlm.job.faults;

import java.io.IOException;
import org.apache.hadoop.fs.Path;

/**
 * What goes wrong with a {@link FaultyFileSystem}; asked before each change, from any thread. A
 * test sets it for its own JVM, and gives it to another one with {@code -Dtrlm.fault}.
 */
public interface Fault {
  /** Nothing goes wrong. */
  Fault NONE = new Fault() {};

  /** The option of a JVM that gives it a fault: the name of its class and what its maker takes. */
  static String option(Class<? extends Fault> type, Object... arguments) {
    StringBuilder option = new StringBuilder("-Dtrlm.fault=").append(type.getSimpleName());
    for (Object argument : arguments) {
      option.append(',').append(argument);
    }
    return option.toString();
  }

  /** What {@link #option} says for this JVM. */
  static Fault ofThisJvm() {
    String[] given = System.getProperty("trlm.fault", "").split(",");
    return switch (given[0]) {
      case "" -> NONE;
      case "Hold" -> new Hold(java.nio.file.Path.of(given[1]), Hold.Moment.valueOf(given[2]));
      case "FullHeap" -> new FullHeap(java.nio.file.Path.of(given[1]), Integer.parseInt(given[2]));
      default -> throw new IllegalArgumentException(given[0]);
    };
  }

  /**
   * A file is about to be made or replaced.
   *
   * @throws IOException as the operating system refuses it
   */
  default void beforeCreate(Path file) throws IOException {}

  /**
   * Bytes are about to be written to a file.
   *
   * @throws IOException as the operating system refuses them
   */
  default void beforeWrite(Path file, int bytes) throws IOException {}

  /** A file or directory is about to be renamed; false refuses. */
  default boolean beforeRename(Path from, Path to) {
    return true;
  }

  /** A file or directory is about to be deleted; false refuses. */
  default boolean beforeDelete(Path path) {
    return true;
  }

  /** A directory that is not there is about to be made; false refuses. */
  default boolean beforeMakeDirectory(Path directory) {
    return true;
  }
}
