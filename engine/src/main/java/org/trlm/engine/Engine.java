package org.trlm.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.engine.request.RequestRefusedException.Reason;
import org.trlm.engine.sample.Sampler;
import org.trlm.engine.schedule.ScheduledBatch;
import org.trlm.engine.schedule.Scheduler;
import org.trlm.engine.schedule.Sequence;

/**
 * Continuous batching: requests go in at any time, each {@link #step} moves all running ones by at
 * least one token, and those that end come out. The tokens of a request depend on that request
 * alone.
 *
 * <p>One engine belongs to one task and to one thread; packed weights are shared, everything else
 * is its own. Its memory is all taken when it is made, but for a few arrays a request as long as
 * the request lives. The caller looks for interruption between steps and simply drops the engine
 * when it has to stop.
 */
public final class Engine {
  private static final byte[] NO_TEXT = {};

  private final EngineConfig config;
  private final int vocabSize;
  private final byte[][] tokenText;
  private final int[] endOfTurnTokenIds;

  private final ForwardPass model;
  private final Scheduler scheduler;
  private final Sampler sampler;
  private final Map<String, Sequence> unfinished = new HashMap<>();

  private long promptTokensComputed;
  private long tokensRecomputed;
  private long tokensGenerated;
  private long steps;

  /**
   * An engine for packed weights; takes its memory here.
   *
   * @param weights shared, read only
   * @param config its limits; {@code maxModelLen} at most the model's positions
   * @param tokenText by token id, the bytes that the token adds to the generated text, in which
   *     stop strings are looked for; empty for tokens that are left out of it; ids past its end
   *     have no text
   * @param endOfTurnTokenIds the model's own end-of-turn tokens
   * @throws IllegalArgumentException when the limits go beyond the model or a Java array
   */
  public Engine(
      ModelWeights weights, EngineConfig config, byte[][] tokenText, int[] endOfTurnTokenIds) {
    this(
        ForwardPass.transformer(weights, config.checkedFor(weights.config())),
        weights.kernels(),
        weights.config().vocabSize(),
        config,
        tokenText,
        endOfTurnTokenIds);
  }

  /** The same loop around any forward pass. */
  Engine(
      ForwardPass model,
      Kernels kernels,
      int vocabSize,
      EngineConfig config,
      byte[][] tokenText,
      int[] endOfTurnTokenIds) {
    this.model = model;
    this.vocabSize = vocabSize;
    this.config = config;
    this.tokenText = tokenText.clone();
    this.endOfTurnTokenIds = endOfTurnTokenIds.clone();
    KvCacheManager cache = new KvCacheManager(config.numKvBlocks(), config.prefixCaching());
    scheduler = new Scheduler(config.maxNumSeqs(), config.maxNumBatchedTokens(), cache);
    sampler = new Sampler(kernels, vocabSize);
  }

  /**
   * Lets a request wait for its turn.
   *
   * @throws RequestRefusedException when it can never run; the engine is as before
   */
  public void add(Request request) {
    check(request);
    Sequence sequence = new Sequence(request, config.maxModelLen(), System.nanoTime());
    unfinished.put(request.id(), sequence);
    scheduler.add(sequence);
  }

  /**
   * One step: schedule, forward, sample, update. Makes no objects but the outputs of sequences that
   * end.
   *
   * @return the outputs of the sequences that ended in it, often none
   * @throws RuntimeException when the forward pass fails; then the engine is of no further use
   */
  public List<RequestOutput> step() {
    ScheduledBatch batch = scheduler.schedule(System.nanoTime());
    if (batch.numSequences() == 0) {
      return List.of();
    }
    model.forward(batch);
    long now = System.nanoTime();
    countTokens(batch);
    scheduler.computed();
    steps++;
    List<RequestOutput> outputs = List.of();
    for (int i = 0; i < batch.numLogits(); i++) {
      Sequence sequence = scheduler.scheduled(batch.logitsSequence(i));
      RequestOutput output = advance(sequence, model.logits(), model.logitsOffset(i), now);
      if (output != null) {
        outputs = outputs.isEmpty() ? new ArrayList<>() : outputs;
        outputs.add(output);
        remove(sequence);
      }
    }
    return outputs;
  }

  /** Chooses the sequence's next token; a failure is its own and leaves its neighbours alone. */
  private RequestOutput advance(Sequence sequence, float[] logits, int offset, long now) {
    Request request = sequence.request();
    try {
      int position = sequence.numGeneratedTokens();
      int token = sampler.sample(logits, offset, request.params(), request.streamKey(), position);
      tokensGenerated++;
      return append(sequence, token, now);
    } catch (RuntimeException failure) {
      return sequence.failed(
          "generation failed at token " + sequence.numGeneratedTokens() + ": " + failure, now);
    }
  }

  /** The output if the token ends its sequence, null if it goes on. */
  private RequestOutput append(Sequence sequence, int token, long now) {
    boolean stopString =
        sequence.append(token, token < tokenText.length ? tokenText[token] : NO_TEXT, now);
    if (!sequence.request().params().ignoreEos() && contains(endOfTurnTokenIds, token)) {
      return sequence.ended(FinishReason.STOP, null);
    }
    if (contains(sequence.request().params().stopTokenIds(), token)) {
      return sequence.ended(FinishReason.STOP, Integer.toString(token));
    }
    if (stopString) {
      return sequence.endedByStopString();
    }
    return sequence.isFull() ? sequence.ended(FinishReason.LENGTH, null) : null;
  }

  /**
   * Drops a request, waiting or running; there will be no output for it.
   *
   * @return whether it was there
   */
  public boolean abort(String id) {
    Sequence sequence = unfinished.get(id);
    if (sequence != null) {
      remove(sequence);
    }
    return sequence != null;
  }

  private void remove(Sequence sequence) {
    scheduler.remove(sequence);
    unfinished.remove(sequence.request().id());
  }

  private void countTokens(ScheduledBatch batch) {
    for (int s = 0; s < batch.numSequences(); s++) {
      Sequence sequence = scheduler.scheduled(s);
      int begin = sequence.numComputedTokens();
      int end = begin + batch.queryEnd(s) - batch.queryStart(s);
      int before = Math.max(begin, Math.min(end, sequence.mostComputedTokens()));
      tokensRecomputed += before - begin;
      promptTokensComputed += Math.max(0, Math.min(end, sequence.numPromptTokens()) - before);
    }
  }

  private void check(Request request) {
    int[] prompt = request.promptTokenIds();
    if (prompt.length == 0) {
      throw new RequestRefusedException(
          Reason.INVALID,
          "request '" + request.id() + "' has an empty prompt; it needs at least one token");
    }
    for (int i = 0; i < prompt.length; i++) {
      if (prompt[i] < 0 || prompt[i] >= vocabSize) {
        throw new RequestRefusedException(
            Reason.INVALID,
            "request '"
                + request.id()
                + ("': prompt token " + i + " is " + prompt[i])
                + ("; the model knows 0 to " + (vocabSize - 1)));
      }
    }
    if (unfinished.containsKey(request.id())) {
      throw new RequestRefusedException(
          Reason.INVALID,
          "request id '" + request.id() + "' is in use by an unfinished request; ids are unique");
    }
    if (prompt.length >= config.maxModelLen()) {
      throw new RequestRefusedException(
          Reason.PROMPT_TOO_LONG,
          "the prompt has "
              + prompt.length
              + " tokens and leaves no room for an answer: prompt and answer together have at most "
              + ("max_model_len = " + config.maxModelLen())
              + " tokens. Shorten the prompt, or raise max_model_len as far as the model goes");
    }
    int blocks = Sequence.mostBlocks(request, config.maxModelLen());
    if (blocks > config.numKvBlocks()) {
      throw new RequestRefusedException(
          Reason.KV_CACHE_TOO_SMALL,
          "prompt ("
              + prompt.length
              + " tokens) and max_tokens = "
              + request.params().maxTokens()
              + " may need "
              + blocks
              + " cache blocks of "
              + KvCacheManager.BLOCK_SIZE
              + " tokens; kv_cache_memory holds "
              + config.numKvBlocks()
              + ". Raise kv_cache_memory, or lower max_tokens or max_model_len (now "
              + config.maxModelLen()
              + ")");
    }
  }

  private static boolean contains(int[] tokens, int token) {
    for (int candidate : tokens) {
      if (candidate == token) {
        return true;
      }
    }
    return false;
  }

  /** Whether another step has something to do. */
  public boolean hasUnfinishedRequests() {
    return !unfinished.isEmpty();
  }

  /** Requests added and neither ended nor aborted. */
  public int numUnfinishedRequests() {
    return unfinished.size();
  }

  /** Requests that wait for a slot, for budget or for cache blocks, preempted ones included. */
  public int numWaiting() {
    return scheduler.numWaiting();
  }

  /** Requests that have a slot. */
  public int numRunning() {
    return scheduler.numRunning();
  }

  /** Prompt tokens that went through the model, each once; those found in the cache did not. */
  public long promptTokensComputed() {
    return promptTokensComputed;
  }

  /** Tokens, of prompts and generated, that went through the model again after a preemption. */
  public long tokensRecomputed() {
    return tokensRecomputed;
  }

  /** How often a running request lost its slot because the cache was full. */
  public long preemptions() {
    return scheduler.numPreemptions();
  }

  /** Tokens chosen, end tokens included. */
  public long tokensGenerated() {
    return tokensGenerated;
  }

  /** Steps that computed something. */
  public long steps() {
    return steps;
  }

  /**
   * Checks that slots, waiting requests and cache blocks add up; idle means that nobody holds a
   * block.
   *
   * @throws IllegalStateException saying what does not add up
   */
  public void checkIntegrity() {
    scheduler.checkIntegrity();
    int known = scheduler.numRunning() + scheduler.numWaiting();
    if (known != unfinished.size()) {
      throw new IllegalStateException(
          unfinished.size() + " unfinished requests, but " + known + " running or waiting");
    }
  }
}
