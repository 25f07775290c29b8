package org.trlm.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.trlm.job.output.RunManifest;

/** Looks at the place of the output before any work, so that nothing is ever overwritten. */
final class OutputDirectory {
  private OutputDirectory() {}

  /**
   * @param output as {@link Locations#resolve} gives it
   * @param inputs the same
   * @throws JobException when the output is an input, lies in one or holds one, is a file, or is
   *     not empty
   */
  static void check(String output, List<String> inputs, Configuration hadoop) {
    try {
      Path target = qualified(output, hadoop);
      for (String input : inputs) {
        checkApart(target, qualified(input, hadoop));
      }
      FileSystem files = target.getFileSystem(hadoop);
      if (!files.exists(target)) {
        checkCanBeMade(target, files);
        return;
      }
      if (!files.getFileStatus(target).isDirectory()) {
        throw new JobException(
            "--output " + target + " is a file; give a directory that does not exist yet.");
      }
      FileStatus[] found = files.listStatus(target);
      if (found.length > 0) {
        throw new JobException(
            "--output "
                + target
                + " already exists and is not empty (it holds "
                + describe(target, found, files)
                + "). This version does not continue an earlier run: choose another directory or"
                + " remove this one.");
      }
    } catch (IOException e) {
      throw new JobException(
          "--output "
              + output
              + " cannot be looked at: "
              + e.getMessage()
              + ". Give a directory that this user may write.",
          e);
    }
  }

  private static void checkCanBeMade(Path target, FileSystem files) throws IOException {
    Path parent = target.getParent();
    while (parent != null && !files.exists(parent)) {
      parent = parent.getParent();
    }
    if (parent != null && !files.getFileStatus(parent).isDirectory()) {
      throw new JobException(
          "--output "
              + target
              + " lies below the file "
              + parent
              + "; give a directory that can be made.");
    }
  }

  private static String describe(Path target, FileStatus[] found, FileSystem files)
      throws IOException {
    List<String> runs = runs(new Path(target, RunManifest.DIRECTORY), files);
    if (runs.isEmpty()) {
      return found[0].getPath().getName()
          + (found.length == 1 ? "" : " and " + (found.length - 1) + " more");
    }
    boolean finished = files.exists(new Path(target, "_SUCCESS"));
    return (finished ? "the answers of run " : "the unfinished run ") + String.join(", ", runs);
  }

  /** Ids of the runs whose manifests lie there. */
  private static List<String> runs(Path manifests, FileSystem files) throws IOException {
    List<String> runs = new ArrayList<>();
    if (files.exists(manifests)) {
      for (FileStatus file : files.listStatus(manifests)) {
        String name = file.getPath().getName();
        if (name.endsWith(".json") && !name.startsWith(".")) {
          runs.add(name.substring(0, name.length() - ".json".length()));
        }
      }
    }
    return runs;
  }

  private static Path qualified(String path, Configuration hadoop) throws IOException {
    Path parsed = new Path(path);
    return parsed.getFileSystem(hadoop).makeQualified(parsed);
  }

  private static void checkApart(Path output, Path input) {
    if (output.equals(input)) {
      throw new JobException(
          "--output " + output + " is the input itself; choose another directory.");
    }
    if (within(output, input)) {
      throw new JobException(
          "--output "
              + output
              + " lies in the input "
              + input
              + ", where a next run would read it as prompts; choose a directory outside of it.");
    }
    if (within(input, output)) {
      throw new JobException(
          "--output "
              + output
              + " holds the input "
              + input
              + "; choose a directory that does not.");
    }
  }

  private static boolean within(Path inner, Path outer) {
    for (Path parent = inner.getParent(); parent != null; parent = parent.getParent()) {
      if (parent.equals(outer)) {
        return true;
      }
    }
    return false;
  }
}
