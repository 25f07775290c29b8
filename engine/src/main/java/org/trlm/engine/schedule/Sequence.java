package org.trlm.engine.schedule;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestOutput.Timings;

/**
 * A request on its way: the tokens known so far, how many of them the cache holds, and the blocks
 * that hold them. Everything it will ever need is allocated when it is made, none of it in a step.
 */
public final class Sequence {
  private final Request request;
  private final int[] tokenIds;
  private final int[] blockTable;
  private final StopStrings stopStrings;
  private int numTokens;
  private int numComputedTokens;

  private final long arrivalNanos;
  private long startNanos;
  private long firstTokenNanos;
  private long lastTokenNanos;

  /**
   * @param maxModelLen most tokens of prompt and answer together; more than the prompt has
   * @param arrivalNanos the moment it was added, of {@link System#nanoTime}
   */
  public Sequence(Request request, int maxModelLen, long arrivalNanos) {
    this.request = request;
    int[] prompt = request.promptTokenIds();
    tokenIds = Arrays.copyOf(prompt, mostTokens(request, maxModelLen));
    blockTable = new int[mostBlocks(request, maxModelLen)];
    stopStrings = new StopStrings(request.params().stop());
    numTokens = prompt.length;
    this.arrivalNanos = arrivalNanos;
  }

  /** Tokens of a request at its end, if nothing but a length ends it. */
  public static int mostTokens(Request request, int maxModelLen) {
    long wanted = (long) request.promptTokenIds().length + request.params().maxTokens();
    return (int) Math.min(wanted, maxModelLen);
  }

  /** Cache blocks of a request at its end; its last token is never computed. */
  public static int mostBlocks(Request request, int maxModelLen) {
    return KvCacheManager.blocksFor(mostTokens(request, maxModelLen) - 1);
  }

  public Request request() {
    return request;
  }

  /** Prompt and generated tokens by position; the first {@link #numTokens} are known. */
  public int[] tokenIds() {
    return tokenIds;
  }

  /** Cache block ids; the entry i holds positions 16 i to 16 i + 15 once it is scheduled. */
  public int[] blockTable() {
    return blockTable;
  }

  /** Tokens known so far, prompt and generated. */
  public int numTokens() {
    return numTokens;
  }

  /** Tokens whose keys and values are in the cache; less than {@link #numTokens}. */
  public int numComputedTokens() {
    return numComputedTokens;
  }

  public int numPromptTokens() {
    return request.promptTokenIds().length;
  }

  public int numGeneratedTokens() {
    return numTokens - numPromptTokens();
  }

  /** It got its slot and its blocks. */
  void started(long nanos) {
    startNanos = nanos;
  }

  /** The cache holds its first {@code numTokens} tokens. */
  void computed(int numTokens) {
    numComputedTokens = numTokens;
  }

  /**
   * Appends a generated token.
   *
   * @param text its bytes in the generated text, in which stop strings are looked for
   * @return whether a stop string is complete
   */
  public boolean append(int tokenId, byte[] text, long nanos) {
    if (numGeneratedTokens() == 0) {
      firstTokenNanos = nanos;
    }
    lastTokenNanos = nanos;
    tokenIds[numTokens++] = tokenId;
    return stopStrings.append(text);
  }

  /** Whether {@code max_tokens} or {@code max_model_len} is reached. */
  public boolean isFull() {
    return numTokens == tokenIds.length;
  }

  /** What goes out when one of its stop strings is complete. */
  public RequestOutput endedByStopString() {
    String text = new String(stopStrings.found(), StandardCharsets.UTF_8);
    return output(FinishReason.STOP, text, stopStrings.foundOffset(), null, lastTokenNanos);
  }

  /**
   * What goes out when it ended otherwise.
   *
   * @param stopReason the stop token's id, or null
   */
  public RequestOutput ended(FinishReason reason, String stopReason) {
    return output(reason, stopReason, -1, null, lastTokenNanos);
  }

  /** What goes out when it cannot go on. */
  public RequestOutput failed(String failure, long nanos) {
    return output(null, null, -1, failure, nanos);
  }

  private RequestOutput output(
      FinishReason reason, String stopReason, int stopOffset, String failure, long endNanos) {
    int[] generated = Arrays.copyOfRange(tokenIds, numPromptTokens(), numTokens);
    long prefillEnd = generated.length > 0 ? firstTokenNanos : endNanos;
    Timings timings =
        new Timings(
            (startNanos - arrivalNanos) / 1e6,
            (prefillEnd - startNanos) / 1e6,
            (endNanos - prefillEnd) / 1e6);
    return new RequestOutput(
        request.id(),
        generated,
        reason,
        stopReason,
        stopOffset,
        numPromptTokens(),
        0,
        timings,
        failure);
  }
}
