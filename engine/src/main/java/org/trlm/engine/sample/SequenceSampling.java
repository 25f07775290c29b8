package org.trlm.engine.sample;

import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.constraint.TokenRules;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.TokenLogprobs;

/**
 * How the tokens of one sequence are chosen: its parameters made into {@link LogitsProcessor}s, and
 * the log-probabilities noted so far. Nothing in it but those depends on the steps that were run,
 * so a preempted sequence goes on where it was. A row with neutral parameters has neither.
 */
public final class SequenceSampling {
  private final SamplingParams params;
  private final long streamKey;
  private final LogitsProcessor[] processors;
  private final TokenRules rules;
  private final LogprobRecorder logprobs;

  /**
   * @param endTokenIds the model's own end-of-turn tokens
   * @param counts {@code [vocabSize]} zeros, shared by the sequences of an engine
   * @param rules of the sequence, over the tokens that may come next
   */
  SequenceSampling(
      SamplingParams params, long streamKey, int[] endTokenIds, int[] counts, TokenRules rules) {
    this.rules = rules;
    this.params = params;
    this.streamKey = streamKey;
    processors = processors(params, endTokenIds, counts);
    logprobs =
        params.logprobs() == SamplingParams.NO_LOGPROBS
            ? null
            : new LogprobRecorder(params.logprobs(), params.maxTokens());
  }

  /** Those that are not neutral, in the order in which they are applied. */
  private static LogitsProcessor[] processors(
      SamplingParams params, int[] endTokenIds, int[] counts) {
    List<LogitsProcessor> processors = new ArrayList<>();
    if (!params.logitBias().isEmpty()) {
      processors.add(new LogitBias(params.logitBias()));
    }
    if (params.allowedTokenIds() != null) {
      processors.add(new AllowedTokens(params.allowedTokenIds()));
    }
    if (!params.badWords().isEmpty()) {
      processors.add(new BadWords(params.badWords()));
    }
    if (params.minTokens() > 0) {
      processors.add(new MinTokens(params.minTokens(), endTokenIds, params.stopTokenIds()));
    }
    if (params.repetitionPenalty() != 1) {
      processors.add(new RepetitionPenalty(params.repetitionPenalty(), counts));
    }
    if (params.frequencyPenalty() != 0 || params.presencePenalty() != 0) {
      processors.add(
          new FrequencyPenalty(params.frequencyPenalty(), params.presencePenalty(), counts));
    }
    return processors.toArray(LogitsProcessor[]::new);
  }

  SamplingParams params() {
    return params;
  }

  long streamKey() {
    return streamKey;
  }

  LogitsProcessor[] processors() {
    return processors;
  }

  /** Which tokens may come next: applied after the processors; told of every token. */
  public TokenRules rules() {
    return rules;
  }

  /** Whether each of its tokens needs logits, even one that is the only one allowed. */
  public boolean needsLogits() {
    return logprobs != null;
  }

  /** Null when no log-probabilities are asked for. */
  LogprobRecorder recorder() {
    return logprobs;
  }

  /** The log-probabilities of the tokens chosen; null when they are not asked for. */
  public TokenLogprobs logprobs() {
    return logprobs == null ? null : logprobs.recorded();
  }
}
