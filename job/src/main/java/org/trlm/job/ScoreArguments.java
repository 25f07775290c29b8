package org.trlm.job;

import org.trlm.job.input.ScoreOptions;
import org.trlm.job.input.ScoreOptions.Kind;
import picocli.CommandLine.Option;

/** What is scored. */
final class ScoreArguments {
  @Option(
      names = "--choices-column",
      paramLabel = "NAME",
      description =
          "Column of lists of choices, array<string>, each scored after the row's prompt; where it is"
              + " not null it wins over the continuation. Default: choices.")
  String choicesColumn;

  @Option(
      names = "--continuation-column",
      paramLabel = "NAME",
      description = "Column of single continuations (string). Default: continuation.")
  String continuationColumn;

  @Option(
      names = "--choice-prefix",
      paramLabel = "TEXT",
      description =
          "Put before each choice and continuation; may be empty. Default: one space. Lengths are"
              + " those without it.")
  String choicePrefix;

  @Option(
      names = "--rolling",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description =
          "Score the text of the prompt column from its first token on, without a chat template:"
              + " text_logprob, perplexity, bits_per_byte. Default: false.")
  Boolean rolling;

  boolean isRolling() {
    return Boolean.TRUE.equals(rolling);
  }

  ScoreOptions toOptions() {
    if (isRolling()
        && (choicesColumn != null || continuationColumn != null || choicePrefix != null)) {
      throw new JobException(
          "--rolling scores whole texts, so --choices-column, --continuation-column and"
              + " --choice-prefix have no effect. Leave out one or the other.");
    }
    return new ScoreOptions(
        isRolling() ? Kind.ROLLING : Kind.CHOICES,
        choicesColumn == null ? ScoreOptions.DEFAULT.choicesColumn() : choicesColumn,
        continuationColumn == null ? ScoreOptions.DEFAULT.continuationColumn() : continuationColumn,
        choicePrefix == null ? ScoreOptions.DEFAULT.choicePrefix() : choicePrefix);
  }
}
