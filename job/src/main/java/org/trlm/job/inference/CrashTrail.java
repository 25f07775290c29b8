package org.trlm.job.inference;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Which rows a task has in its engine, in a small file of the output, for the case that they take
 * the whole JVM with them. Written by further attempts of a task only, so that a run without
 * failures pays nothing; removed when the attempt ends, however it ends, unless its JVM dies. An
 * attempt that finds the trail of an earlier one goes on with one slot, so that its own names the
 * row. One task, one thread; {@link #suspects} is asked by the driver.
 */
public final class CrashTrail implements AutoCloseable {
  /** What the name of the directory of a run's trails begins with. */
  public static final String DIRECTORY = "trail-";

  private static final Pattern NAME = Pattern.compile("(\\d+-\\d+)-(\\d+)");

  private final FileSystem files;
  private final Path directory;
  private final String task;
  private final int attempt;
  private final Map<String, String> inside = new LinkedHashMap<>();

  /**
   * @param directory where the trails of the run lie
   * @param stage of the task
   * @param partition of the task
   * @param attempt of the task, above 0
   */
  CrashTrail(Path directory, int stage, int partition, int attempt, Configuration hadoop)
      throws IOException {
    this.directory = directory;
    this.files = directory.getFileSystem(hadoop);
    this.task = stage + "-" + partition;
    this.attempt = attempt;
  }

  /** Where the trails of a run lie. */
  public static Path directory(String output, String runId) {
    return new Path(new Path(output, "_trlm"), DIRECTORY + runId);
  }

  /** Whether the JVM of an earlier attempt died with rows in its engine. */
  boolean followsACrash() throws IOException {
    return attempts(files, directory).stream()
        .anyMatch(trail -> trail.task.equals(task) && trail.number < attempt);
  }

  /** The rows, each written down before it goes on. */
  <R> Iterator<R> entering(
      Iterator<R> rows, Function<R, String> key, Function<R, String> description) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public R next() {
        R row = rows.next();
        inside.put(key.apply(row), description.apply(row));
        write();
        return row;
      }
    };
  }

  /** The responses, each of which takes its row off the trail. */
  <R> Iterator<R> leaving(Iterator<R> responses, Function<R, String> key) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return responses.hasNext();
      }

      @Override
      public R next() {
        R response = responses.next();
        inside.remove(key.apply(response));
        return response;
      }
    };
  }

  private void write() {
    try (OutputStream out = files.create(file(attempt), true)) {
      out.write(String.join("\n", inside.values()).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // the rows matter more than their trail
    }
  }

  private Path file(int number) {
    return new Path(directory, task + "-" + number);
  }

  /** The attempt ends while its JVM lives. */
  @Override
  public void close() {
    try {
      files.delete(file(attempt), false);
    } catch (IOException e) {
      // removed with the directory at the end of the run
    }
  }

  /**
   * An attempt that left a trail.
   *
   * @param task stage and partition
   */
  private record Attempt(String task, int number, Path file) {}

  private static List<Attempt> attempts(FileSystem files, Path directory) throws IOException {
    List<Attempt> attempts = new ArrayList<>();
    try {
      for (FileStatus file : files.listStatus(directory)) {
        Matcher name = NAME.matcher(file.getPath().getName());
        if (name.matches()) {
          attempts.add(new Attempt(name.group(1), Integer.parseInt(name.group(2)), file.getPath()));
        }
      }
    } catch (FileNotFoundException e) {
      return attempts;
    }
    return attempts;
  }

  /**
   * The rows that were in the engines of attempts whose JVM died, as they were described. Those
   * that were there in the most crashes come first, then those of the latest attempts, which run
   * with one slot.
   */
  public static List<String> suspects(Path directory, Configuration hadoop) throws IOException {
    FileSystem files = directory.getFileSystem(hadoop);
    List<Attempt> latestFirst = attempts(files, directory);
    latestFirst.sort(
        Comparator.comparingInt(Attempt::number).reversed().thenComparing(Attempt::task));
    Map<String, Integer> crashes = new LinkedHashMap<>();
    for (Attempt attempt : latestFirst) {
      try (InputStream in = files.open(attempt.file)) {
        new String(in.readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .forEach(row -> crashes.merge(row, 1, Integer::sum));
      }
    }
    List<String> suspects = new ArrayList<>(crashes.keySet());
    suspects.sort(Comparator.comparing(crashes::get, Comparator.reverseOrder()));
    return suspects;
  }
}
