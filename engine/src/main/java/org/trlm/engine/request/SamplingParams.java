package org.trlm.engine.request;

import java.util.List;

/**
 * How the tokens of one request are chosen and when it ends. vLLM's names and meanings. Built by
 * the job from row, option, file and model defaults; checked here, once, so that the engine trusts
 * it.
 *
 * @param temperature 0 chooses the most likely token (lowest id on ties); else logits are divided
 *     by it
 * @param topP in (0, 1]: keep the smallest set of most likely tokens whose probabilities reach it
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param minP in [0, 1]: drop tokens less likely than this share of the most likely one
 * @param maxTokens most tokens to generate, the end token included; at least 1
 * @param stopTokenIds tokens that end the sequence, beside the model's own end-of-turn tokens
 * @param stop byte strings (UTF-8) that end the sequence as soon as they appear in the generated
 *     text; each at least one byte
 * @param ignoreEos go on after the model's own end-of-turn tokens
 */
public record SamplingParams(
    double temperature,
    double topP,
    int topK,
    double minP,
    int maxTokens,
    int[] stopTokenIds,
    List<byte[]> stop,
    boolean ignoreEos) {

  /** Greedy decoding of at most {@code maxTokens} tokens. */
  public static SamplingParams greedy(int maxTokens) {
    return new SamplingParams(0, 1, 0, 0, maxTokens, new int[0], List.of(), false);
  }

  /**
   * @throws IllegalArgumentException naming the parameter, the value found and the allowed range
   */
  public SamplingParams {
    check(temperature >= 0 && temperature <= 100, "temperature", temperature, "0 (greedy) to 100");
    check(topP > 0 && topP <= 1, "top_p", topP, "above 0, at most 1");
    check(topK >= 0, "top_k", topK, "0 (off) or more");
    check(minP >= 0 && minP <= 1, "min_p", minP, "0 (off) to 1");
    check(maxTokens >= 1, "max_tokens", maxTokens, "1 or more");
    for (byte[] text : stop) {
      check(text.length > 0, "stop", "an empty string", "strings of at least one character");
    }
    stop = List.copyOf(stop);
  }

  private static void check(boolean valid, String name, Object found, String allowed) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + found + "; allowed: " + allowed);
    }
  }
}
