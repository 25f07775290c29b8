package org.trlm.job.inference;

import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.SamplingParams;

/** A row of {@code score} between its way in and its way out. One task, one thread. */
final class ScoredRow {
  final Object[] kept;
  final String customId;
  final String rowKey;
  final String requestId;
  final List<Part> parts = new ArrayList<>();

  /** Null when not asked for. */
  String renderedPrompt;

  /** Of the prompt alone; null before it is tokenized. */
  Integer promptTokens;

  /** The texts as the row gives them, in its order. */
  List<String> texts = List.of();

  private int finished;
  private boolean refused;

  ScoredRow(Object[] kept, String customId, String rowKey, String requestId) {
    this.kept = kept;
    this.customId = customId;
    this.rowKey = rowKey;
    this.requestId = requestId;
  }

  /** A stretch of tokens whose log-probabilities come of one request. */
  static final class Part {
    final ScoredRow row;
    final Request request;
    final int numScored;
    private double logprob;
    private boolean greedy = true;
    private RequestOutput output;

    private Part(ScoredRow row, Request request, int numScored) {
      this.row = row;
      this.request = request;
      this.numScored = numScored;
    }

    /** Sum over its tokens, in their order. */
    double logprob() {
      return logprob;
    }

    /** Whether each of its tokens is the most likely one at its place. */
    boolean isGreedy() {
      return greedy;
    }

    RequestOutput output() {
      return output;
    }
  }

  /**
   * Asks for the log-probabilities of the last tokens of a sequence. The very last one is not fed:
   * it is what the request may generate, and so is found with its log-probability in its answer.
   *
   * @param ids the sequence; at least one token stands before those that are scored
   * @param numScored at least 1
   */
  void add(int[] ids, int numScored) {
    int last = ids.length - 1;
    SamplingParams.Builder params =
        SamplingParams.builder().maxTokens(1).allowedTokenIds(ids[last]).logprobs(0);
    if (numScored > 1) {
      params.promptLogprobs(0, ids.length - numScored);
    }
    int[] fed = java.util.Arrays.copyOf(ids, last);
    Request request = new Request(requestId + "/" + parts.size(), fed, params.build(), 0);
    parts.add(new Part(this, request, numScored));
  }

  /** Takes the output of one of its parts; true when it was the last that was missing. */
  boolean finish(Part part, RequestOutput output) {
    part.output = output;
    if (part.numScored > 1) {
      double[] logprobs = output.promptLogprobs().logprobs();
      for (int i = 0; i < logprobs.length; i++) {
        part.logprob += logprobs[i];
        part.greedy &= output.promptLogprobs().ranks()[i] == 1;
      }
    }
    part.logprob += output.logprobs().logprobs()[0];
    part.greedy &= output.logprobs().ranks()[0] == 1;
    finished++;
    return finished == parts.size() && !refused;
  }

  /** Gives the row up; false when that has been done before. */
  boolean refuse() {
    boolean first = !refused;
    refused = true;
    return first;
  }
}
