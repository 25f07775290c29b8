package org.trlm.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  @Option(
      names = {"--n", "--num-return-sequences"},
      paramLabel = "N",
      description =
          "Answers to each row, one output row each; above 1 needs a temperature. Default: 1.")
  Integer n;

  @Option(
      names = {"--min-tokens", "--min-new-tokens"},
      paramLabel = "N",
      description = "Tokens before an end token or a stop may end an answer. Default: 0.")
  Integer minTokens;

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Taken from the logit of each generated token, -2 to 2. Default: 0 (off).")
  Double presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "The same, times how often it was generated, -2 to 2. Default: 0 (off).")
  Double frequencyPenalty;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      description =
          "Makes tokens of prompt and answer less likely: above 1; more likely: below."
              + " Default: the model's own, else 1 (off).")
  Double repetitionPenalty;

  @Option(
      names = "--logit-bias",
      paramLabel = "JSON",
      description = "Added to the logits of tokens, -100 to 100, as {\"42\": -3.5}. Default: none.")
  String logitBias;

  @Option(
      names = "--allowed-token-ids",
      paramLabel = "ID",
      split = ",",
      description = "The only token ids that may be generated, as 2,7. Default: all.")
  List<Integer> allowedTokenIds;

  @Option(
      names = "--bad-words",
      paramLabel = "TEXT",
      description = "A word that must not be generated. Repeat it for several. Default: none.")
  List<String> badWords;

  @Option(
      names = {"--logprobs", "--top-logprobs"},
      paramLabel = "N",
      description =
          "Fill the column logprobs, with N alternatives beside each token, 0 to 20. Default: off.")
  Integer logprobs;

  @Option(
      names = "--prompt-logprobs",
      paramLabel = "N",
      description = "The same for the prompt's tokens: column prompt_logprobs. Default: off.")
  Integer promptLogprobs;

  @Option(
      names = "--repetition-detection",
      paramLabel = "JSON",
      description =
          "End an answer that goes in circles: {\"max_pattern_size\": 16, \"min_pattern_size\": 1,"
              + " \"min_count\": 4}. Default: off.")
  String repetitionDetection;

  @Option(
      names = "--structured-outputs",
      paramLabel = "JSON",
      description =
          "What the content must look like: {\"choice\": [\"yes\", \"no\"]}, {\"regex\": \"[0-9]+\"},"
              + " {\"json\": a JSON schema} or {\"json_object\": true}. Default: anything.")
  String structuredOutputs;

  @Option(
      names = "--thinking-token-budget",
      paramLabel = "N",
      description =
          "Most tokens of the thought before it is closed and the answer follows; 0 is no thought."
              + " Default: no limit.")
  Integer thinkingTokenBudget;

  SamplingOptions toOptions() {
    Map<String, Serializable> given = new TreeMap<>();
    given.put("n", n);
    given.put("temperature", temperature);
    given.put("top_p", topP);
    given.put("top_k", topK);
    given.put("min_p", minP);
    given.put("max_tokens", maxTokens);
    given.put("min_tokens", minTokens);
    given.put("seed", seed);
    given.put("stop", copyOf(stop));
    given.put("stop_token_ids", copyOf(stopTokenIds));
    given.put("ignore_eos", ignoreEos);
    given.put("include_stop_str_in_output", includeStopStrInOutput);
    given.put("presence_penalty", presencePenalty);
    given.put("frequency_penalty", frequencyPenalty);
    given.put("repetition_penalty", repetitionPenalty);
    given.put("logit_bias", logitBias);
    given.put("allowed_token_ids", copyOf(allowedTokenIds));
    given.put("bad_words", copyOf(badWords));
    given.put("logprobs", logprobs);
    given.put("prompt_logprobs", promptLogprobs);
    given.put("skip_special_tokens", skipSpecialTokens);
    given.put("repetition_detection", repetitionDetection);
    given.put("structured_outputs", structuredOutputs);
    given.put("thinking_token_budget", thinkingTokenBudget);
    return SamplingOptions.of(given);
  }

  private static <T> ArrayList<T> copyOf(List<T> values) {
    return values == null ? null : new ArrayList<>(values);
  }
}
