package org.trlm.engine.schedule;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.RepetitionDetection;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestOutput.Timings;
import org.trlm.engine.sample.PromptLogprobs;
import org.trlm.engine.sample.SequenceSampling;

/**
 * A request on its way: the tokens known so far, how many of them the cache holds, and the blocks
 * that hold them. Everything it will ever need is allocated when it is made, none of it in a step.
 */
public final class Sequence {
  /** Where a sequence is on its way; a preempted one waits like a new one and keeps its tokens. */
  public enum State {
    WAITING,
    RUNNING,
    PREEMPTED,
    FINISHED
  }

  private final Request request;
  private final SequenceSampling sampling;
  private final PromptGroup group;
  private final int[] tokenIds;
  private final int[] blockTable;
  private final StopStrings stopStrings;
  private State state = State.WAITING;
  private long rank;
  private int numBlocks;
  private int numTokens;
  private int numComputedTokens;
  private int mostComputedTokens;
  private int numCachedTokens;

  private final long arrivalNanos;
  private long startNanos;
  private long firstTokenNanos;
  private long lastTokenNanos;

  /**
   * @param sampling how its tokens are chosen
   * @param group what it has in common with other samples of its prompt
   * @param maxModelLen most tokens of prompt and answer together; more than the prompt has
   * @param arrivalNanos the moment it was added, of {@link System#nanoTime}
   */
  public Sequence(
      Request request,
      SequenceSampling sampling,
      PromptGroup group,
      int maxModelLen,
      long arrivalNanos) {
    this.request = request;
    this.sampling = sampling;
    this.group = group;
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

  /** How its tokens are chosen. */
  public SequenceSampling sampling() {
    return sampling;
  }

  /** The log-probabilities of its prompt; null when they are not asked for. */
  public PromptLogprobs promptLogprobs() {
    return group.promptLogprobs();
  }

  /** Among whom its blocks are shared. */
  int cacheScope() {
    return group.cacheScope();
  }

  /** Prompt and generated tokens by position; the first {@link #numTokens} are known. */
  public int[] tokenIds() {
    return tokenIds;
  }

  /** Cache block ids; the entry i holds positions 16 i to 16 i + 15 while it runs. */
  public int[] blockTable() {
    return blockTable;
  }

  /**
   * Whether its first {@code length} tokens, known in both, are those of another sequence, and
   * their blocks are shared.
   */
  boolean beginsAs(Sequence other, int length) {
    return cacheScope() == other.cacheScope()
        && Arrays.equals(tokenIds, 0, length, other.tokenIds, 0, length);
  }

  /** Tokens known so far, prompt and generated. */
  public int numTokens() {
    return numTokens;
  }

  /** Tokens whose keys and values are in the cache; less than {@link #numTokens}. */
  public int numComputedTokens() {
    return numComputedTokens;
  }

  /**
   * The first position that is not to be skipped even if the cache holds it: its logits are needed,
   * and those of all that follow.
   */
  int firstLogits() {
    PromptLogprobs prompt = group.promptLogprobs();
    return prompt == null ? numTokens - 1 : Math.min(numTokens - 1, prompt.nextLogits());
  }

  public int numPromptTokens() {
    return request.promptTokenIds().length;
  }

  public int numGeneratedTokens() {
    return numTokens - numPromptTokens();
  }

  /** The greater, the earlier it starts; set by the queue it waits in. */
  long rank() {
    return rank;
  }

  void rank(long rank) {
    this.rank = rank;
  }

  public State state() {
    return state;
  }

  /** Entries of the block table that it holds; 0 unless it is running. */
  int numBlocks() {
    return numBlocks;
  }

  /**
   * Tokens that have ever been in the cache for it: those below were computed before, and once more
   * after a preemption.
   */
  public int mostComputedTokens() {
    return mostComputedTokens;
  }

  /** It got its slot and blocks for all its tokens, of which the cache holds some already. */
  void started(int numCachedTokens, long nanos) {
    if (state == State.WAITING) {
      startNanos = nanos;
      this.numCachedTokens = numCachedTokens;
    }
    state = State.RUNNING;
    computed(numCachedTokens);
  }

  /** It holds the first {@code numBlocks} entries of its block table. */
  void holds(int numBlocks) {
    this.numBlocks = numBlocks;
  }

  /** The cache holds its first {@code numTokens} tokens. */
  void computed(int numTokens) {
    numComputedTokens = numTokens;
    mostComputedTokens = Math.max(mostComputedTokens, numTokens);
  }

  /** It gave its slot and its blocks away, for a while or for good. */
  void stopped(State state) {
    this.state = state;
    numBlocks = 0;
    numComputedTokens = 0;
  }

  /**
   * Appends a generated token.
   *
   * @param text its bytes in the generated text, in whose content stop strings are looked for; one
   *     that is complete before {@code min_tokens} are there and one more does not count
   * @return whether a stop string is complete
   */
  public boolean append(int tokenId, byte[] text, long nanos) {
    if (numGeneratedTokens() == 0) {
      firstTokenNanos = nanos;
    }
    lastTokenNanos = nanos;
    tokenIds[numTokens++] = tokenId;
    int contentOffset = sampling.rules().append(tokenId, text);
    stopStrings.skip(contentOffset);
    if (numGeneratedTokens() <= request.params().minTokens()) {
      stopStrings.pass(text, contentOffset);
      return false;
    }
    return stopStrings.append(text, contentOffset);
  }

  /** Whether {@code max_tokens} or {@code max_model_len} is reached. */
  public boolean isFull() {
    return numTokens == tokenIds.length;
  }

  /** Whether its generated tokens end in a pattern as often as it was asked to look for. */
  public boolean repeats() {
    RepetitionDetection detection = request.params().repetitionDetection();
    return detection.isOn()
        && numGeneratedTokens() >= request.params().minTokens()
        && detection.found(tokenIds, numPromptTokens(), numTokens);
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
    PromptLogprobs prompt = failure == null ? group.promptLogprobs() : null;
    return new RequestOutput(
        request.id(),
        generated,
        reason,
        stopReason,
        stopOffset,
        numPromptTokens(),
        numCachedTokens,
        timings,
        failure,
        failure == null ? sampling.logprobs() : null,
        prompt == null ? null : prompt.recorded());
  }
}
