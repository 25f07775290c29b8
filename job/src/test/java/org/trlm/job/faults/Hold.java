package org.trlm.job.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.Path;

/**
 * A driver that waits in the commit of a wave once so many have passed, until it is killed or the
 * number grows; when its JVM ends, what waits fails. A test so kills it at a moment of its choice,
 * on a machine of any speed, and never too late.
 */
public final class Hold implements Fault {
  /** Where in a wave's commit the driver waits. */
  public enum Moment {
    /** Its files are written and its {@code _SUCCESS} is not. */
    BEFORE_SUCCESS,
    /** It is whole and not visible. */
    BEFORE_RENAME
  }

  private final java.nio.file.Path file;
  private final Moment moment;
  private int passed;
  private volatile boolean ending;

  /**
   * @param file that {@link #set} writes
   */
  public Hold(java.nio.file.Path file, Moment moment) {
    this.file = file;
    this.moment = moment;
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ending = true));
  }

  /** Says how many waves the driver that looks at this file lets pass in all. */
  public static void set(java.nio.file.Path file, int waves) throws IOException {
    java.nio.file.Path written = file.resolveSibling(file.getFileName() + "-new");
    Files.writeString(written, Integer.toString(waves));
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Whether a driver waits at this moment, with so many waves passed. */
  public static boolean isHeld(java.nio.file.Path file, Moment moment, int waves) {
    return Files.exists(held(file, moment, waves));
  }

  private static java.nio.file.Path held(java.nio.file.Path file, Moment moment, int waves) {
    return file.resolveSibling("%s-%s-%d".formatted(file.getFileName(), moment, waves));
  }

  @Override
  public void beforeCreate(Path created) throws IOException {
    if (moment == Moment.BEFORE_SUCCESS
        && created.getName().equals("_SUCCESS")
        && created.getParent().getName().startsWith("_open-")) {
      if (!passes()) {
        throw new IOException(created + " was held back until the end of the JVM");
      }
    }
  }

  @Override
  public boolean beforeRename(Path from, Path to) {
    boolean held = moment == Moment.BEFORE_RENAME && to.getName().startsWith("wave=");
    return !held || passes();
  }

  /** Lets one wave after the other pass, until as many have as may; false when the JVM ends. */
  private synchronized boolean passes() {
    try {
      while (passed == Integer.parseInt(Files.readString(file))) {
        if (ending) {
          return false;
        }
        Files.writeString(held(file, moment, passed), "");
        TimeUnit.MILLISECONDS.sleep(20);
      }
      passed++;
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
