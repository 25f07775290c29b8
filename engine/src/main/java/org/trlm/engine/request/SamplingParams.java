package org.trlm.engine.request;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the tokens of one request are chosen and when it ends. vLLM's names and meanings, as far as
 * they concern tokens. Built by the job from row, option, file and model defaults; checked here,
 * once, so that the engine trusts it. Arrays are not copied and never written.
 *
 * @param temperature 0 chooses the most likely token (lowest id on ties); else logits are divided
 *     by it
 * @param topP in (0, 1]: keep the smallest set of most likely tokens whose probabilities reach it
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param minP in [0, 1]: drop tokens less likely than this share of the most likely one
 * @param maxTokens most tokens to generate, the end token included; at least 1
 * @param minTokens tokens to generate before an end token, a stop token or a stop string may end
 *     it; at most {@code maxTokens}
 * @param stopTokenIds tokens that end the sequence, beside the model's own end-of-turn tokens
 * @param stop byte strings (UTF-8) that end the sequence as soon as they appear in the generated
 *     text; each at least one byte
 * @param ignoreEos go on after the model's own end-of-turn tokens
 * @param presencePenalty taken from the logit of each token that has been generated; -2 to 2
 * @param frequencyPenalty the same, times how often it has been generated; -2 to 2
 * @param repetitionPenalty positive logits of tokens of the prompt and of generated ones are
 *     divided by it, others multiplied with it; above 0, 1 changes nothing
 * @param logitBias by token id, added to its logit; -100 to 100
 * @param allowedTokenIds the only tokens that may be chosen; null allows all, never empty
 * @param badWords token sequences that must not be generated: the last token of one is not chosen
 *     after the others; none is empty
 * @param logprobs how many alternatives to report beside each generated token, 0 to {@value
 *     #MOST_LOGPROBS}; {@link #NO_LOGPROBS} reports nothing
 * @param promptLogprobs the same for the tokens of the prompt
 * @param promptLogprobsStart first position of the prompt that is reported, at least 1: nothing
 *     predicts the first token
 * @param repetitionDetection ends sequences that go in circles
 * @param structuredOutputs what the content must look like; null when it may be anything
 * @param thinkingTokenBudget most tokens of the thought before it is closed, 0 or more; {@link
 *     #NO_THINKING_BUDGET} sets no limit
 */
public record SamplingParams(
    double temperature,
    double topP,
    int topK,
    double minP,
    int maxTokens,
    int minTokens,
    int[] stopTokenIds,
    List<byte[]> stop,
    boolean ignoreEos,
    double presencePenalty,
    double frequencyPenalty,
    double repetitionPenalty,
    SortedMap<Integer, Double> logitBias,
    int[] allowedTokenIds,
    List<int[]> badWords,
    int logprobs,
    int promptLogprobs,
    int promptLogprobsStart,
    RepetitionDetection repetitionDetection,
    StructuredOutputs structuredOutputs,
    int thinkingTokenBudget) {

  /** In place of a number of tokens: the thought may be as long as the answer. */
  public static final int NO_THINKING_BUDGET = -1;

  /** Most alternatives reported for a token, as in the OpenAI interface. */
  public static final int MOST_LOGPROBS = 20;

  /** In place of a number of alternatives: no logprobs at all. */
  public static final int NO_LOGPROBS = -1;

  /**
   * @throws IllegalArgumentException naming the parameter, the value found and the allowed range
   */
  public SamplingParams {
    check(temperature >= 0 && temperature <= 100, "temperature", temperature, "0 (greedy) to 100");
    check(topP > 0 && topP <= 1, "top_p", topP, "above 0, at most 1");
    check(topK >= 0, "top_k", topK, "0 (off) or more");
    check(minP >= 0 && minP <= 1, "min_p", minP, "0 (off) to 1");
    check(maxTokens >= 1, "max_tokens", maxTokens, "1 or more");
    check(
        minTokens >= 0 && minTokens <= maxTokens,
        "min_tokens",
        minTokens,
        "0 to max_tokens = " + maxTokens);
    checkPenalty("presence_penalty", presencePenalty);
    checkPenalty("frequency_penalty", frequencyPenalty);
    check(
        repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY,
        "repetition_penalty",
        repetitionPenalty,
        "above 0 (1 is off)");
    checkLogprobs("logprobs", logprobs);
    checkLogprobs("prompt_logprobs", promptLogprobs);
    check(promptLogprobsStart >= 1, "the start of prompt_logprobs", promptLogprobsStart, "1 up");
    check(
        allowedTokenIds == null || allowedTokenIds.length > 0,
        "allowed_token_ids",
        "an empty list",
        "at least one token id");
    check(
        thinkingTokenBudget >= NO_THINKING_BUDGET,
        "thinking_token_budget",
        thinkingTokenBudget,
        "0 or more");
    for (byte[] text : stop) {
      check(text.length > 0, "stop", "an empty string", "strings of at least one character");
    }
    for (int[] word : badWords) {
      check(word.length > 0, "bad_words", "an empty word", "words of at least one token");
    }
    logitBias.forEach(
        (id, bias) ->
            check(bias >= -100 && bias <= 100, "logit_bias of token " + id, bias, "-100 to 100"));
    stop = List.copyOf(stop);
    badWords = List.copyOf(badWords);
    logitBias = Collections.unmodifiableSortedMap(new TreeMap<>(logitBias));
  }

  private static void checkPenalty(String name, double found) {
    check(found >= -2 && found <= 2, name, found, "-2 to 2 (0 is off)");
  }

  private static void checkLogprobs(String name, int found) {
    check(
        found >= NO_LOGPROBS && found <= MOST_LOGPROBS,
        name,
        found,
        "0 to " + MOST_LOGPROBS + " alternatives");
  }

  static void check(boolean valid, String name, Object found, String allowed) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + found + "; allowed: " + allowed);
    }
  }

  /** Greedy decoding of at most {@code maxTokens} tokens. */
  public static SamplingParams greedy(int maxTokens) {
    return builder().maxTokens(maxTokens).build();
  }

  /** Starts from greedy decoding of at most 256 tokens with every other parameter neutral. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from these parameters. */
  public Builder toBuilder() {
    return new Builder()
        .temperature(temperature)
        .topP(topP)
        .topK(topK)
        .minP(minP)
        .maxTokens(maxTokens)
        .minTokens(minTokens)
        .stopTokenIds(stopTokenIds)
        .stop(stop)
        .ignoreEos(ignoreEos)
        .presencePenalty(presencePenalty)
        .frequencyPenalty(frequencyPenalty)
        .repetitionPenalty(repetitionPenalty)
        .logitBias(logitBias)
        .allowedTokenIds(allowedTokenIds)
        .badWords(badWords)
        .logprobs(logprobs)
        .promptLogprobs(promptLogprobs, promptLogprobsStart)
        .repetitionDetection(repetitionDetection)
        .structuredOutputs(structuredOutputs)
        .thinkingTokenBudget(thinkingTokenBudget);
  }

  /** Parameters by name; what is not set is neutral. The record says what each one means. */
  public static final class Builder {
    private double temperature;
    private double topP = 1;
    private int topK;
    private double minP;
    private int maxTokens = 256;
    private int minTokens;
    private int[] stopTokenIds = {};
    private List<byte[]> stop = List.of();
    private boolean ignoreEos;
    private double presencePenalty;
    private double frequencyPenalty;
    private double repetitionPenalty = 1;
    private SortedMap<Integer, Double> logitBias = new TreeMap<>();
    private int[] allowedTokenIds;
    private List<int[]> badWords = List.of();
    private int logprobs = NO_LOGPROBS;
    private int promptLogprobs = NO_LOGPROBS;
    private int promptLogprobsStart = 1;
    private RepetitionDetection repetitionDetection = RepetitionDetection.OFF;
    private StructuredOutputs structuredOutputs;
    private int thinkingTokenBudget = NO_THINKING_BUDGET;

    private Builder() {}

    public Builder temperature(double temperature) {
      this.temperature = temperature;
      return this;
    }

    public Builder topP(double topP) {
      this.topP = topP;
      return this;
    }

    public Builder topK(int topK) {
      this.topK = topK;
      return this;
    }

    public Builder minP(double minP) {
      this.minP = minP;
      return this;
    }

    public Builder maxTokens(int maxTokens) {
      this.maxTokens = maxTokens;
      return this;
    }

    public Builder minTokens(int minTokens) {
      this.minTokens = minTokens;
      return this;
    }

    public Builder stopTokenIds(int... stopTokenIds) {
      this.stopTokenIds = stopTokenIds;
      return this;
    }

    public Builder stop(List<byte[]> stop) {
      this.stop = new ArrayList<>(stop);
      return this;
    }

    public Builder ignoreEos(boolean ignoreEos) {
      this.ignoreEos = ignoreEos;
      return this;
    }

    public Builder presencePenalty(double presencePenalty) {
      this.presencePenalty = presencePenalty;
      return this;
    }

    public Builder frequencyPenalty(double frequencyPenalty) {
      this.frequencyPenalty = frequencyPenalty;
      return this;
    }

    public Builder repetitionPenalty(double repetitionPenalty) {
      this.repetitionPenalty = repetitionPenalty;
      return this;
    }

    public Builder logitBias(SortedMap<Integer, Double> logitBias) {
      this.logitBias = logitBias;
      return this;
    }

    public Builder allowedTokenIds(int... allowedTokenIds) {
      this.allowedTokenIds = allowedTokenIds;
      return this;
    }

    public Builder badWords(List<int[]> badWords) {
      this.badWords = badWords;
      return this;
    }

    public Builder logprobs(int logprobs) {
      this.logprobs = logprobs;
      return this;
    }

    /** Logprobs of the whole prompt but its first token. */
    public Builder promptLogprobs(int promptLogprobs) {
      return promptLogprobs(promptLogprobs, 1);
    }

    /** Logprobs of the prompt's tokens from a position on. */
    public Builder promptLogprobs(int promptLogprobs, int start) {
      this.promptLogprobs = promptLogprobs;
      this.promptLogprobsStart = start;
      return this;
    }

    public Builder repetitionDetection(RepetitionDetection repetitionDetection) {
      this.repetitionDetection = repetitionDetection;
      return this;
    }

    /** Null sets no constraint. */
    public Builder structuredOutputs(StructuredOutputs structuredOutputs) {
      this.structuredOutputs = structuredOutputs;
      return this;
    }

    public Builder thinkingTokenBudget(int thinkingTokenBudget) {
      this.thinkingTokenBudget = thinkingTokenBudget;
      return this;
    }

    /**
     * @throws IllegalArgumentException naming the parameter, the value found and the allowed range
     */
    public SamplingParams build() {
      return new SamplingParams(
          temperature,
          topP,
          topK,
          minP,
          maxTokens,
          minTokens,
          stopTokenIds,
          stop,
          ignoreEos,
          presencePenalty,
          frequencyPenalty,
          repetitionPenalty,
          logitBias,
          allowedTokenIds,
          badWords,
          logprobs,
          promptLogprobs,
          promptLogprobsStart,
          repetitionDetection,
          structuredOutputs,
          thinkingTokenBudget);
    }
  }
}
