package org.trlm.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.trlm.job.output.RunManifest;

/** Looks at the place of the output before any work. */
final class OutputDirectory {
  private OutputDirectory() {}

  /**
   * For a command that writes its output in one go.
   *
   * @param output as {@link Locations#resolve} gives it
   * @param inputs the same
   * @throws JobException when the output is an input, lies in one or holds one, is a file, or is
   *     not empty
   */
  static void check(String output, List<String> inputs, Configuration hadoop) {
    looking(
        output,
        () -> {
          Path target = checkPlace(output, inputs, hadoop);
          FileSystem files = target.getFileSystem(hadoop);
          FileStatus[] found = files.exists(target) ? files.listStatus(target) : new FileStatus[0];
          if (found.length > 0) {
            throw new JobException(
                "--output "
                    + target
                    + " already exists and is not empty (it holds "
                    + describe(target, found, files)
                    + "): choose another directory or remove this one.");
          }
        });
  }

  /**
   * For a command that writes waves, and so goes on with what is there.
   *
   * @throws JobException when the output is an input, lies in one or holds one, or is a file
   */
  static void checkForWaves(String output, List<String> inputs, Configuration hadoop) {
    looking(output, () -> checkPlace(output, inputs, hadoop));
  }

  private interface Look {
    void look() throws IOException;
  }

  private static void looking(String output, Look look) {
    try {
      look.look();
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

  private static Path checkPlace(String output, List<String> inputs, Configuration hadoop)
      throws IOException {
    Path target = qualified(output, hadoop);
    for (String input : inputs) {
      checkApart(target, qualified(input, hadoop));
    }
    FileSystem files = target.getFileSystem(hadoop);
    if (!files.exists(target)) {
      checkCanBeMade(target, files);
    } else if (!files.getFileStatus(target).isDirectory()) {
      throw new JobException(
          "--output " + target + " is a file; give a directory that does not exist yet.");
    }
    return target;
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
