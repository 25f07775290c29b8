package org.trlm.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.RepetitionDetection;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.SamplingParams;
import org.trlm.engine.request.TokenLogprobs;
import org.trlm.engine.sample.Sampler;

/**
 * The sampling parameters once more, written the obvious way from their definitions: sets and lists
 * made anew for each token, a sort for the alternatives. Shares with the engine the definition of
 * exp and the last draw, which has tests of its own.
 */
final class NaiveSampling {
  /** In place of negative infinity, which the last draw refuses. */
  private static final float RULED_OUT = -1e30f;

  private final int endOfTurn;
  private final int vocabSize;
  private final NaiveRules rules;
  private final Sampler sampler;

  NaiveSampling(int vocabSize, int endOfTurn, NaiveRules rules) {
    this.vocabSize = vocabSize;
    this.endOfTurn = endOfTurn;
    this.rules = rules;
    sampler = new Sampler(KernelProvider.scalar(), vocabSize);
  }

  /** The token that follows. */
  int next(float[] raw, Request request, List<Integer> generated) {
    SamplingParams params = request.params();
    float[] logits = raw.clone();
    params.logitBias().forEach((id, bias) -> logits[id] += bias.floatValue());
    if (params.allowedTokenIds() != null) {
      Set<Integer> allowed = new HashSet<>();
      Arrays.stream(params.allowedTokenIds()).forEach(allowed::add);
      for (int id = 0; id < vocabSize; id++) {
        logits[id] = allowed.contains(id) ? logits[id] : RULED_OUT;
      }
    }
    for (int[] word : params.badWords()) {
      List<Integer> begin = new ArrayList<>();
      Arrays.stream(word, 0, word.length - 1).forEach(begin::add);
      int from = generated.size() - begin.size();
      if (from >= 0 && generated.subList(from, generated.size()).equals(begin)) {
        logits[word[word.length - 1]] = RULED_OUT;
      }
    }
    if (generated.size() < params.minTokens()) {
      logits[endOfTurn] = RULED_OUT;
      Arrays.stream(params.stopTokenIds()).forEach(id -> logits[id] = RULED_OUT);
    }
    penalize(logits, request, generated);
    Set<Integer> allowed = rules.allowed(request, generated);
    boolean noneLeft = allowed.stream().allMatch(id -> logits[id] == RULED_OUT);
    for (int id = 0; id < vocabSize; id++) {
      float logit = noneLeft ? raw[id] : logits[id];
      logits[id] = allowed.contains(id) ? logit : RULED_OUT;
    }
    return sampler.sample(logits, 0, params, request.streamKey(), generated.size());
  }

  private static void penalize(float[] logits, Request request, List<Integer> generated) {
    SamplingParams params = request.params();
    Set<Integer> seen = new HashSet<>(generated);
    Arrays.stream(request.promptTokenIds()).forEach(seen::add);
    float penalty = (float) params.repetitionPenalty();
    for (int id : seen) {
      if (logits[id] != RULED_OUT && penalty != 1) {
        logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
      }
    }
    for (int id : new HashSet<>(generated)) {
      if (logits[id] != RULED_OUT) {
        int count = (int) generated.stream().filter(token -> token == id).count();
        logits[id] -= (float) params.frequencyPenalty() * count;
        logits[id] -= (float) params.presencePenalty();
      }
    }
  }

  /** Why generation ends after these tokens; null when it goes on. */
  FinishReason end(Request request, List<Integer> generated) {
    SamplingParams params = request.params();
    int last = generated.get(generated.size() - 1);
    boolean stopToken = Arrays.stream(params.stopTokenIds()).anyMatch(id -> id == last);
    boolean endsTurn = !params.ignoreEos() || params.structuredOutputs() != null;
    if (stopToken || (last == endOfTurn && endsTurn)) {
      return FinishReason.STOP;
    }
    if (generated.size() == params.maxTokens()) {
      return FinishReason.LENGTH;
    }
    boolean longEnough = generated.size() >= params.minTokens();
    return longEnough && repeats(params.repetitionDetection(), generated)
        ? FinishReason.REPETITION
        : null;
  }

  private static boolean repeats(RepetitionDetection detection, List<Integer> generated) {
    for (int size = Math.max(1, detection.minPatternSize());
        size <= detection.maxPatternSize();
        size++) {
      int from = generated.size() - size * detection.minCount();
      if (from >= 0) {
        List<Integer> end = generated.subList(from, generated.size());
        List<Integer> pattern = end.subList(0, size);
        boolean all = true;
        for (int i = 0; i < detection.minCount(); i++) {
          all &= end.subList(i * size, (i + 1) * size).equals(pattern);
        }
        if (all) {
          return true;
        }
      }
    }
    return false;
  }

  /** Log-probabilities of tokens by the logits before each, with alternatives. */
  TokenLogprobs logprobs(float[][] rows, int[] tokens, int alternatives) {
    double[] logprobs = new double[tokens.length];
    int[] ranks = new int[tokens.length];
    int[] ids = new int[tokens.length * alternatives];
    double[] others = new double[tokens.length * alternatives];
    for (int i = 0; i < tokens.length; i++) {
      float[] row = rows[i];
      List<Integer> order = new ArrayList<>();
      for (int id = 0; id < vocabSize; id++) {
        order.add(id);
      }
      order.sort((a, b) -> row[a] != row[b] ? Float.compare(row[b], row[a]) : a - b);
      float max = row[order.get(0)];
      double logSum = logSum(row, max);
      logprobs[i] = ((double) row[tokens[i]] - max) - logSum;
      ranks[i] = 1 + order.indexOf(tokens[i]);
      for (int j = 0; j < alternatives; j++) {
        ids[i * alternatives + j] = order.get(j);
        others[i * alternatives + j] = ((double) row[order.get(j)] - max) - logSum;
      }
    }
    return new TokenLogprobs(logprobs, ranks, alternatives, ids, others);
  }

  private static double logSum(float[] row, float max) {
    double[] partial = new double[16];
    for (int id = 0; id < row.length; id++) {
      partial[id % 16] += Kernels.exp(row[id] - max);
    }
    for (int half = 8; half >= 1; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        partial[lane] += partial[lane + half];
      }
    }
    return StrictMath.log(partial[0]);
  }
}
