package org.trlm.engine.schedule;

import java.util.ArrayDeque;
import org.trlm.engine.cache.KvCacheManager;

/**
 * Decides which tokens the next step computes. It counts tokens and has no phases: every running
 * sequence moves its computed tokens towards its known ones, one token when it decodes, a chunk
 * when its prompt is long, and what remains of the step's budget starts waiting sequences, first
 * come, first served.
 *
 * <p>A waiting sequence starts when a slot, one token of budget and the blocks for all it may ever
 * need are free. So a running sequence never lacks blocks; only the last of them, the one that used
 * the budget up, can have more than one token to compute; and every running sequence moves in every
 * step. One thread, no allocation in {@link #schedule}.
 */
public final class Scheduler {
  private final int maxNumBatchedTokens;
  private final KvCacheManager cache;
  private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();

  /** By start; the first {@code numRunning} are valid. */
  private final Sequence[] running;

  private int numRunning;

  private final ScheduledBatch batch;

  /** The sequences of the batch, by their index in it. */
  private final Sequence[] scheduled;

  /**
   * @param maxNumSeqs slots
   * @param maxNumBatchedTokens tokens of one step, at least {@code maxNumSeqs}
   */
  public Scheduler(int maxNumSeqs, int maxNumBatchedTokens, KvCacheManager cache) {
    this.maxNumBatchedTokens = maxNumBatchedTokens;
    this.cache = cache;
    running = new Sequence[maxNumSeqs];
    scheduled = new Sequence[maxNumSeqs];
    batch = new ScheduledBatch(maxNumSeqs, maxNumBatchedTokens, maxNumSeqs);
  }

  /** Lets a sequence wait for its turn; the pool must be large enough for it alone. */
  public void add(Sequence sequence) {
    assert sequence.blockTable().length <= cache.numBlocks();
    waiting.addLast(sequence);
  }

  /**
   * Fills the next step's batch, running sequences first.
   *
   * @param nanos the moment of {@link System#nanoTime}, noted by the sequences that start
   * @return the batch, the same object each time; without sequences when there is nothing to do
   */
  public ScheduledBatch schedule(long nanos) {
    batch.clear();
    for (int i = 0; i < numRunning; i++) {
      schedule(running[i]);
    }
    while (canStartOne() && cache.allocate(waiting.peekFirst().blockTable())) {
      Sequence sequence = waiting.pollFirst();
      sequence.started(nanos);
      running[numRunning++] = sequence;
      schedule(sequence);
    }
    return batch;
  }

  private boolean canStartOne() {
    return !waiting.isEmpty()
        && numRunning < running.length
        && batch.numTokens() < maxNumBatchedTokens;
  }

  /** As many of its next tokens as the budget allows; logits only where a token is to follow. */
  private void schedule(Sequence sequence) {
    int begin = sequence.numComputedTokens();
    int budget = maxNumBatchedTokens - batch.numTokens();
    int end = Math.min(sequence.numTokens(), begin + budget);
    int logitsBegin = end == sequence.numTokens() ? end - 1 : end;
    scheduled[batch.numSequences()] = sequence;
    batch.add(sequence.tokenIds(), begin, end, logitsBegin, sequence.blockTable());
  }

  /** The sequence at index {@code s} of the batch. */
  public Sequence scheduled(int s) {
    return scheduled[s];
  }

  /** The model has computed the batch: its keys and values are in the cache. */
  public void computed() {
    for (int s = 0; s < batch.numSequences(); s++) {
      int tokens = batch.queryEnd(s) - batch.queryStart(s);
      scheduled[s].computed(scheduled[s].numComputedTokens() + tokens);
    }
  }

  /** Ends a running or waiting sequence: its slot and its blocks are free for the next step. */
  public void remove(Sequence sequence) {
    for (int i = 0; i < numRunning; i++) {
      if (running[i] == sequence) {
        cache.free(sequence.blockTable());
        System.arraycopy(running, i + 1, running, i, numRunning - i - 1);
        running[--numRunning] = null;
        return;
      }
    }
    waiting.removeFirstOccurrence(sequence);
  }

  /** Sequences that have a slot. */
  public int numRunning() {
    return numRunning;
  }

  /** Sequences that wait for one. */
  public int numWaiting() {
    return waiting.size();
  }

  /**
   * Checks that running sequences and free blocks account for the whole pool: when idle, free =
   * total.
   *
   * @throws IllegalStateException saying what does not add up
   */
  public void checkIntegrity() {
    int held = 0;
    for (int i = 0; i < numRunning; i++) {
      Sequence sequence = running[i];
      held += sequence.blockTable().length;
      int pending = sequence.numTokens() - sequence.numComputedTokens();
      if (pending < 1 || (pending > 1 && i < numRunning - 1)) {
        throw new IllegalStateException(
            "running sequence " + i + " of " + numRunning + " has " + pending + " pending tokens");
      }
    }
    cache.checkIntegrity(held);
  }
}
