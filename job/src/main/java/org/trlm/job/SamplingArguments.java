package org.trlm.job;

import java.util.List;
import org.trlm.job.JobConfig.SamplingOptions;
import picocli.CommandLine.Option;

/**
 * How tokens are chosen. A value in the row wins over these; where neither is given, the model's
 * generation_config.json, then the default named here.
 */
final class SamplingArguments {
  @Option(
      names = "--temperature",
      paramLabel = "X",
      description = "0 is greedy; up to 100. Default: the model's own, else 0.")
  Double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description =
          "Keep the smallest set of most likely tokens that reaches this probability, above 0 to 1."
              + " Default: the model's own, else 1 (all).")
  Double topP;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Keep the N most likely tokens; 0 keeps all. Default: the model's own, else 0.")
  Integer topK;

  @Option(
      names = "--min-p",
      paramLabel = "X",
      description =
          "Drop tokens less likely than this share of the most likely one, 0 to 1. Default: the"
              + " model's own, else 0 (off).")
  Double minP;

  @Option(
      names = {"--max-tokens", "--max-new-tokens", "--max-completion-tokens"},
      paramLabel = "N",
      description =
          "Most tokens to generate for a row, thought included. Default: the model's own, else 256.")
  Integer maxTokens;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the rows' random streams; the same seed repeats a run. Default: 0.")
  Long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Text that ends a row's answer. Repeat it for several. Default: none.")
  List<String> stop;

  @Option(
      names = "--stop-token-ids",
      paramLabel = "ID",
      split = ",",
      description = "Token ids that end a row's answer, as 2,7. Default: none.")
  List<Integer> stopTokenIds;

  @Option(
      names = "--ignore-eos",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description = "Go on after the model's own end token. Default: false.")
  Boolean ignoreEos;

  @Option(
      names = "--include-stop-str-in-output",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description = "Keep the stop text in generated_text. Default: false.")
  Boolean includeStopStrInOutput;

  @Option(
      names = "--skip-special-tokens",
      arity = "0..1",
      fallbackValue = "true",
      hideParamSyntax = true,
      paramLabel = "true|false",
      description =
          "Leave special tokens (but not the think tags) out of generated_text. Default: true.")
  Boolean skipSpecialTokens;

  SamplingOptions toOptions() {
    return new SamplingOptions(
        temperature,
        topP,
        topK,
        minP,
        maxTokens,
        seed,
        stop,
        stopTokenIds,
        ignoreEos,
        includeStopStrInOutput,
        skipSpecialTokens);
  }
}
