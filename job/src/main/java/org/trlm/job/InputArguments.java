package org.trlm.job;

import java.util.ArrayList;
import java.util.List;
import org.trlm.job.JobConfig.InputOptions;
import org.trlm.job.JobConfig.SourceFormat;
import picocli.CommandLine.Option;

/** Which rows, and which columns of them mean what. */
final class InputArguments {
  @Option(
      names = "--input",
      paramLabel = "PATH",
      description =
          "Prompts: a file, directory or glob of Parquet, JSON Lines, CSV or OpenAI batch lines on any"
              + " Hadoop file system; table:NAME, a table of Spark's catalog; delta:PATH. Repeat it"
              + " for several.")
  List<String> input;

  @Option(
      names = "--input-format",
      paramLabel = "parquet|jsonl|csv|openai-batch|delta|table",
      converter = Words.SourceFormatConverter.class,
      description =
          "Format of the input. Default: by prefix, else by extension (.parquet; .jsonl, .json,"
              + " .ndjson; .csv; a directory with a _delta_log is delta).")
  SourceFormat inputFormat;

  @Option(
      names = "--prompt-column",
      paramLabel = "NAME",
      description = "Column of prompts, each one user message. Default: prompt.")
  String promptColumn;

  @Option(
      names = "--messages-column",
      paramLabel = "NAME",
      description =
          "Column of conversations, array<struct<role,content>> or JSON text; where it is not null it"
              + " wins over the prompt. Default: messages; with --prompt-column only where it is no"
              + " text and no other type.")
  String messagesColumn;

  @Option(
      names = "--id-column",
      paramLabel = "NAME",
      description =
          "Column written as custom_id. Default: id; without such a column, a hash of the row's"
              + " prompt or messages.")
  String idColumn;

  @Option(
      names = "--params-column",
      paramLabel = "NAME",
      description = "Column (struct or JSON text) of per-row sampling parameters. Default: none.")
  String paramsColumn;

  @Option(
      names = "--param-columns",
      paramLabel = "NAME",
      split = ",",
      description =
          "Columns that are per-row sampling parameters under their own names, as"
              + " temperature,max_tokens. Default: none.")
  List<String> paramColumns;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description =
          "Take at most N input rows, the same ones each time for the same files. Default: all.")
  Long limit;

  boolean isGiven() {
    return input != null && !input.isEmpty();
  }

  InputOptions toOptions() {
    if (!isGiven()) {
      throw new JobException(
          "No input is given. Give --input PATH (or the key input in the file of --config): a"
              + " file, directory or glob, table:NAME or delta:PATH.");
    }
    if (limit != null && limit < 1) {
      throw new JobException("--limit is " + limit + "; allowed: 1 or more, or leave it out.");
    }
    List<String> resolved = new ArrayList<>();
    for (String path : input) {
      resolved.add(Locations.resolveInput(path));
    }
    InputOptions otherwise = InputOptions.of(resolved);
    return new InputOptions(
        resolved,
        inputFormat,
        column("--prompt-column", promptColumn, otherwise.promptColumn()),
        promptColumn != null && messagesColumn == null
            ? null
            : column("--messages-column", messagesColumn, otherwise.messagesColumn()),
        column("--id-column", idColumn, otherwise.idColumn()),
        paramsColumn,
        paramColumns == null ? List.of() : paramColumns.stream().map(String::strip).toList(),
        limit);
  }

  private static String column(String option, String given, String otherwise) {
    if (given != null && given.isEmpty()) {
      throw new JobException(option + " is empty; give a column's name. Default: " + otherwise);
    }
    return given == null ? otherwise : given;
  }
}
