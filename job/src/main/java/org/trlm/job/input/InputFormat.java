package org.trlm.job.input;

import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SourceFormat;
import org.trlm.job.JobException;
import org.trlm.job.Locations;

/** Finds the format of an input: by its prefix, as given, else by the extension of its files. */
final class InputFormat {
  private static final String DELTA_LOG = "_delta_log";

  private InputFormat() {}

  /**
   * The format of all paths of an input.
   *
   * @throws JobException when a path does not exist, or the paths are of different formats
   */
  static SourceFormat of(InputOptions options, Configuration hadoop) {
    SourceFormat common = null;
    for (String path : options.paths()) {
      SourceFormat found = find(path, options.format(), hadoop);
      if (common != null && common != found) {
        throw new JobException(
            "--input: %s is %s, but another path is %s. Give inputs of one format at a time."
                .formatted(path, found.word(), common.word()));
      }
      common = found;
    }
    return common;
  }

  private static SourceFormat find(String input, SourceFormat given, Configuration hadoop) {
    if (input.startsWith(Locations.TABLE)) {
      return agreed(input, SourceFormat.TABLE, given);
    }
    if (given == SourceFormat.TABLE) {
      throw new JobException(
          "--input %s is a path, but --input-format is table. Give a table as table:NAME."
              .formatted(input));
    }
    SourceFormat found = ofFiles(Locations.withoutPrefix(input), given, hadoop);
    return input.startsWith(Locations.DELTA) ? agreed(input, SourceFormat.DELTA, given) : found;
  }

  private static SourceFormat agreed(String input, SourceFormat prefix, SourceFormat given) {
    if (given != null && given != prefix) {
      throw new JobException(
          "--input %s is %s by its prefix, but --input-format is %s. Leave one of them out."
              .formatted(input, prefix.word(), given.word()));
    }
    return prefix;
  }

  private static SourceFormat ofFiles(String input, SourceFormat given, Configuration hadoop) {
    try {
      Path path = new Path(input);
      FileSystem files = path.getFileSystem(hadoop);
      FileStatus[] matches = files.globStatus(path);
      if (matches == null || matches.length == 0) {
        throw new JobException(
            "--input %s: no such file or directory. Check the path.".formatted(input));
      }
      for (FileStatus match : matches) {
        SourceFormat found = given != null ? given : ofMatch(files, match);
        if (found != null) {
          return found;
        }
      }
    } catch (IOException e) {
      throw new JobException("--input %s cannot be read: %s".formatted(input, e.getMessage()), e);
    }
    throw new JobException(
        "--input %s: the format cannot be told by the extension (known: .parquet, .jsonl, .ndjson, .json, .csv). Give --input-format; an empty directory is then an empty input."
            .formatted(input));
  }

  private static SourceFormat ofMatch(FileSystem files, FileStatus match) throws IOException {
    if (match.isFile()) {
      return byName(match.getPath().getName());
    }
    if (files.exists(new Path(match.getPath(), DELTA_LOG))) {
      // its Parquet files hold removed rows too: only the log says which count
      return SourceFormat.DELTA;
    }
    RemoteIterator<LocatedFileStatus> contents = files.listFiles(match.getPath(), true);
    while (contents.hasNext()) {
      Path file = contents.next().getPath();
      SourceFormat found = byName(file.getName());
      if (found != null && !isHidden(file, match.getPath())) {
        return found;
      }
    }
    return null;
  }

  /** Names that Spark does not read: of the file, or of a directory between it and the root. */
  private static boolean isHidden(Path file, Path root) {
    for (Path part = file; part != null && part.depth() > root.depth(); part = part.getParent()) {
      String name = part.getName();
      if (name.startsWith(".") || (name.startsWith("_") && !name.contains("="))) {
        return true;
      }
    }
    return false;
  }

  private static SourceFormat byName(String name) {
    String plain =
        name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst|lz4|snappy|deflate)$", "");
    if (plain.endsWith(".parquet")) {
      return SourceFormat.PARQUET;
    }
    if (plain.endsWith(".csv")) {
      return SourceFormat.CSV;
    }
    boolean lines =
        plain.endsWith(".jsonl") || plain.endsWith(".ndjson") || plain.endsWith(".json");
    return lines ? SourceFormat.JSONL : null;
  }
}
