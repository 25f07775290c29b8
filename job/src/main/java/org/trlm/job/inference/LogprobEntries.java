package org.trlm.job.inference;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.trlm.engine.request.TokenLogprobs;
import org.trlm.job.output.ResponseRow.TokenLogprob;

/** Log-probabilities of token ids as the entries of the output, with the tokens' text. */
final class LogprobEntries {
  private final TokenText tokenText;

  LogprobEntries(TokenText tokenText) {
    this.tokenText = tokenText;
  }

  /**
   * One entry a token.
   *
   * @param tokenIds holds the tokens from {@code begin} on
   * @param logprobs of these tokens; null when they were not asked for
   * @return null when they were not asked for
   */
  List<TokenLogprob> of(int[] tokenIds, int begin, TokenLogprobs logprobs) {
    if (logprobs == null) {
      return null;
    }
    List<TokenLogprob> entries = new ArrayList<>(begin + logprobs.size());
    for (int i = 0; i < logprobs.size(); i++) {
      entries.add(entry(tokenIds[begin + i], logprobs.logprobs()[i], alternatives(logprobs, i)));
    }
    return entries;
  }

  private List<TokenLogprob> alternatives(TokenLogprobs logprobs, int i) {
    List<TokenLogprob> entries = new ArrayList<>(logprobs.numAlternatives());
    for (int j = 0; j < logprobs.numAlternatives(); j++) {
      entries.add(
          entry(logprobs.alternativeId(i, j), logprobs.alternativeLogprob(i, j), List.of()));
    }
    return entries;
  }

  private TokenLogprob entry(int id, double logprob, List<TokenLogprob> alternatives) {
    byte[] bytes = tokenText.complete(id);
    return new TokenLogprob(
        new String(bytes, StandardCharsets.UTF_8), id, logprob, bytes, alternatives);
  }
}
