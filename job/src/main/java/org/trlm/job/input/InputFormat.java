package org.trlm.job.input;

import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.SparkSession;
import org.trlm.job.JobConfig.Format;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobException;

/** Finds the format of an input: as given, else by the extension of its files. */
record InputFormat(Format format) {

  static InputFormat of(SparkSession spark, InputOptions options) {
    Configuration hadoop = spark.sessionState().newHadoopConf();
    Format common = null;
    for (String path : options.paths()) {
      Format found = find(path, hadoop, options.format());
      if (common != null && common != found) {
        throw new JobException(
            "--input: %s is %s, but another path is %s. Give inputs of one format at a time."
                .formatted(path, found.word(), common.word()));
      }
      common = found;
    }
    return new InputFormat(common);
  }

  private static Format find(String input, Configuration hadoop, Format given) {
    try {
      Path path = new Path(input);
      FileSystem files = path.getFileSystem(hadoop);
      FileStatus[] matches = files.globStatus(path);
      if (matches == null || matches.length == 0) {
        throw new JobException(
            "--input %s: no such file or directory. Check the path.".formatted(input));
      }
      if (given != null) {
        return given;
      }
      for (FileStatus match : matches) {
        String name = match.isFile() ? match.getPath().getName() : firstFile(files, match);
        Format found = byName(name);
        if (found != null) {
          return found;
        }
      }
    } catch (IOException e) {
      throw new JobException("--input %s cannot be read: %s".formatted(input, e.getMessage()), e);
    }
    throw new JobException(
        "--input %s: the format cannot be told by the extension (known: .parquet, .jsonl, .ndjson, .json). Give --input-format parquet or jsonl."
            .formatted(input));
  }

  /** The first file that says its format; the rules for hidden names are Spark's. */
  private static String firstFile(FileSystem files, FileStatus directory) throws IOException {
    RemoteIterator<LocatedFileStatus> contents = files.listFiles(directory.getPath(), true);
    while (contents.hasNext()) {
      String name = contents.next().getPath().getName();
      if (!name.startsWith("_") && !name.startsWith(".") && byName(name) != null) {
        return name;
      }
    }
    return "";
  }

  private static Format byName(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst|lz4|snappy)$", "");
    if (plain.endsWith(".parquet")) {
      return Format.PARQUET;
    }
    boolean lines =
        plain.endsWith(".jsonl") || plain.endsWith(".ndjson") || plain.endsWith(".json");
    return lines ? Format.JSONL : null;
  }
}
