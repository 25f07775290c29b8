package org.trlm.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.constraint.TokenRules;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.model.ModelWeights;
import org.trlm.engine.request.FinishReason;
import org.trlm.engine.request.Request;
import org.trlm.engine.request.RequestOutput;
import org.trlm.engine.request.RequestRefusedException;
import org.trlm.engine.request.RequestRefusedException.Reason;
import org.trlm.engine.sample.PromptLogprobs;
import org.trlm.engine.sample.Sampler;
import org.trlm.engine.sample.SequenceSampling;
import org.trlm.engine.schedule.PromptGroup;
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
  private final EngineConfig config;
  private final AnswerFormat format;

  private final RequestChecks checks;
  private final ForwardPass model;
  private final KvCacheManager cache;
  private final Scheduler scheduler;
  private final Sampler sampler;
  private final Map<String, Sequence> unfinished = new HashMap<>();
  private final StepEvent event = new StepEvent();

  private long promptTokensComputed;
  private long tokensRecomputed;
  private long tokensGenerated;
  private long steps;

  /**
   * An engine for packed weights; takes its memory here.
   *
   * @param weights shared, read only
   * @param config its limits; {@code maxModelLen} at most the model's positions
   * @param format what the tokens of an answer mean; shared, read only
   * @throws IllegalArgumentException when the limits go beyond the model or a Java array
   */
  public Engine(ModelWeights weights, EngineConfig config, AnswerFormat format) {
    this(
        ForwardPass.transformer(weights, config.checkedFor(weights.config())),
        weights.kernels(),
        weights.config().vocabSize(),
        config,
        format);
  }

  /**
   * An engine of a model without a thought.
   *
   * @param tokenText by token id, the bytes that the token adds to the generated text; ids past its
   *     end have no text
   * @param endOfTurnTokenIds the model's own end-of-turn tokens
   */
  public Engine(
      ModelWeights weights, EngineConfig config, byte[][] tokenText, int[] endOfTurnTokenIds) {
    this(weights, config, AnswerFormat.of(tokenText, endOfTurnTokenIds));
  }

  /** The same loop around any forward pass. */
  Engine(
      ForwardPass model, Kernels kernels, int vocabSize, EngineConfig config, AnswerFormat format) {
    this.model = model;
    this.config = config;
    this.format = format.within(vocabSize);
    checks = new RequestChecks(config, vocabSize);
    cache = new KvCacheManager(config.numKvBlocks(), config.prefixCaching());
    scheduler = new Scheduler(config.maxNumSeqs(), config.maxNumBatchedTokens(), cache);
    sampler = new Sampler(kernels, vocabSize);
  }

  /**
   * Lets a request wait for its turn.
   *
   * @throws RequestRefusedException when it can never run; the engine is as before
   */
  public void add(Request request) {
    addSamples(List.of(request));
  }

  /**
   * Lets several samples of one prompt wait for their turns. They share the keys and values of the
   * prompt, whatever {@code prefixCaching} says of others.
   *
   * @param samples with ids of their own, the same prompt and the same parameters
   * @throws RequestRefusedException when they can never run; the engine is as before
   */
  public void addSamples(List<Request> samples) {
    for (int i = 0; i < samples.size(); i++) {
      Request sample = samples.get(i);
      checks.check(sample);
      format.check(sample.params());
      if (unfinished.containsKey(sample.id()) || isAmong(samples.subList(0, i), sample.id())) {
        throw new RequestRefusedException(
            Reason.INVALID,
            "request id '" + sample.id() + "' is in use by an unfinished request; ids are unique");
      }
    }
    Request first = samples.get(0);
    PromptGroup group =
        new PromptGroup(
            cache.scope(samples.size()), PromptLogprobs.of(first.promptTokenIds(), first.params()));
    for (Request sample : samples) {
      SequenceSampling sampling =
          sampler.sequence(
              sample.params(),
              sample.streamKey(),
              format.endOfTurnTokenIds(),
              format.rules(sample));
      Sequence sequence =
          new Sequence(sample, sampling, group, config.maxModelLen(), System.nanoTime());
      unfinished.put(sample.id(), sequence);
      scheduler.add(sequence);
    }
  }

  private static boolean isAmong(List<Request> requests, String id) {
    return requests.stream().anyMatch(request -> request.id().equals(id));
  }

  /**
   * One step: schedule, forward, sample, update. Makes no objects but the outputs of sequences that
   * end.
   *
   * @return the outputs of the sequences that ended in it, often none
   * @throws RuntimeException when the forward pass fails; then the engine is of no further use
   */
  public List<RequestOutput> step() {
    event.begin();
    ScheduledBatch batch = scheduler.schedule(System.nanoTime());
    int waiting = scheduler.numWaiting();
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
      RequestOutput output = use(sequence, batch.logitsPosition(i), model.logitsOffset(i), now);
      if (output != null) {
        outputs = outputs.isEmpty() ? new ArrayList<>() : outputs;
        outputs.add(output);
        remove(sequence);
      }
    }
    record(batch, waiting);
    return outputs;
  }

  private void record(ScheduledBatch batch, int waiting) {
    event.end();
    if (event.shouldCommit()) {
      event.number = steps - 1;
      event.sequences = batch.numSequences();
      event.tokens = batch.numTokens();
      event.waiting = waiting;
      event.slots = config.maxNumSeqs();
      event.preemptions = preemptions();
      event.commit();
    }
  }

  /**
   * Chooses the sequence's next token, or notes what the logits say of the prompt's next one; a
   * failure is its own and leaves its neighbours alone.
   *
   * @return the output if the sequence ends, null if it goes on
   */
  private RequestOutput use(Sequence sequence, int position, int logitsOffset, long now) {
    if (sequence.state() != Sequence.State.RUNNING) {
      return null; // it failed at an earlier position of this step
    }
    try {
      if (position < sequence.numTokens() - 1) {
        if (sequence.promptLogprobs().needs(position)) {
          sampler.notePrompt(model.logits(), logitsOffset, position, sequence.promptLogprobs());
        }
        return null;
      }
      int token =
          sampler.sample(
              model.logits(),
              logitsOffset,
              sequence.sampling(),
              sequence.tokenIds(),
              sequence.numPromptTokens(),
              sequence.numTokens());
      return appendWithForced(sequence, token, now);
    } catch (RuntimeException failure) {
      return sequence.failed(
          "generation failed at token " + sequence.numGeneratedTokens() + ": " + failure, now);
    }
  }

  /**
   * Appends a token and those that alone are allowed after it: the next step computes them
   * together, as it computes a prompt.
   */
  private RequestOutput appendWithForced(Sequence sequence, int token, long now) {
    RequestOutput output = append(sequence, token, now);
    if (!sequence.sampling().needsLogits()) {
      TokenRules rules = sequence.sampling().rules();
      for (int next = rules.forced(); output == null && next >= 0; next = rules.forced()) {
        output = append(sequence, next, now);
      }
    }
    return output;
  }

  /** The output if the token ends its sequence, null if it goes on. */
  private RequestOutput append(Sequence sequence, int token, long now) {
    tokensGenerated++;
    boolean stopString = sequence.append(token, format.text(token), now);
    TokenRules rules = sequence.sampling().rules();
    boolean endsTurn = !sequence.request().params().ignoreEos() || rules.constrainContent();
    if (endsTurn && contains(format.endOfTurnTokenIds(), token)) {
      return sequence.ended(FinishReason.STOP, null);
    }
    if (contains(sequence.request().params().stopTokenIds(), token)) {
      return sequence.ended(FinishReason.STOP, Integer.toString(token));
    }
    if (stopString) {
      return sequence.endedByStopString();
    }
    if (rules.endWithoutToken()) {
      return sequence.ended(FinishReason.STOP, null);
    }
    if (sequence.isFull()) {
      return sequence.ended(FinishReason.LENGTH, null);
    }
    return sequence.repeats() ? sequence.ended(FinishReason.REPETITION, null) : null;
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
