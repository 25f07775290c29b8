package org.trlm.engine.schedule;

import org.trlm.engine.cache.KvCacheManager;
import org.trlm.engine.schedule.Sequence.State;

/**
 * Decides which tokens the next step computes. It counts tokens and has no phases: every running
 * sequence moves its computed tokens towards its known ones, one token when it decodes, a chunk
 * when its prompt is long, and what remains of the step's budget starts waiting sequences in the
 * order of {@link WaitingQueue}. Tokens that the cache knows count as computed.
 *
 * <p>A running sequence holds the blocks for the tokens it has. When the pool has none left for the
 * next token of one, the sequence that started last gives its blocks and its slot away, and
 * computes its tokens again later; so the sequence that started first always moves. Only a sequence
 * that got tokens without logits, and the last one, which used the budget or the rows of logits up,
 * can have more than one token to compute. One thread, no allocation in {@link #schedule}.
 */
public final class Scheduler {
  private final int maxNumBatchedTokens;
  private final KvCacheManager cache;
  private final WaitingQueue waiting;

  /** By start; the first {@code numRunning} are valid. */
  private final Sequence[] running;

  private int numRunning;
  private final ScheduledBatch batch;

  /** The sequences of the batch, by their index in it. */
  private final Sequence[] scheduled;

  private long numPreemptions;

  /**
   * @param maxNumSeqs slots
   * @param maxNumBatchedTokens tokens of one step, at least {@code maxNumSeqs}
   */
  public Scheduler(int maxNumSeqs, int maxNumBatchedTokens, KvCacheManager cache) {
    this.maxNumBatchedTokens = maxNumBatchedTokens;
    this.cache = cache;
    waiting = new WaitingQueue(maxNumSeqs);
    running = new Sequence[maxNumSeqs];
    scheduled = new Sequence[maxNumSeqs];
    int maxLogits = ScheduledBatch.maxLogits(maxNumSeqs, maxNumBatchedTokens);
    batch = new ScheduledBatch(maxNumSeqs, maxNumBatchedTokens, maxLogits);
  }

  /** Lets a sequence wait for its turn; the pool must be large enough for it alone. */
  public void add(Sequence sequence) {
    assert sequence.blockTable().length <= cache.numBlocks();
    waiting.add(sequence);
  }

  /**
   * Fills the next step's batch, running sequences first.
   *
   * @param nanos the moment of {@link System#nanoTime}, noted by the sequences that start
   * @return the batch, the same object each time; without sequences when there is nothing to do
   */
  public ScheduledBatch schedule(long nanos) {
    batch.clear();
    for (int i = 0; i < numRunning && growOrPreempt(i); i++) {
      // each of those after it gets one token at least
      schedule(running[i], numRunning - 1 - i);
    }
    startWaiting(nanos);
    return batch;
  }

  /**
   * Takes the block that the next token of a running sequence may need, from the one that started
   * last if there is none.
   *
   * @return false if the sequence was itself the last one
   */
  private boolean growOrPreempt(int i) {
    Sequence sequence = running[i];
    int numBlocks = KvCacheManager.blocksFor(sequence.numTokens());
    while (!cache.allocate(sequence.blockTable(), sequence.numBlocks(), numBlocks)) {
      Sequence youngest = running[numRunning - 1];
      stop(numRunning - 1, State.PREEMPTED);
      waiting.addFirst(youngest);
      numPreemptions++;
      if (youngest == sequence) {
        return false;
      }
    }
    sequence.holds(numBlocks);
    return true;
  }

  /**
   * Starts waiting sequences as long as there are slots, budget and blocks. One whose next token is
   * being computed by another in this step is passed over: it finds that token in the next step.
   */
  private void startWaiting(long nanos) {
    int next = 0;
    while (next < Math.min(waiting.size(), running.length)
        && numRunning < running.length
        && batch.numTokens() < maxNumBatchedTokens
        && batch.freeLogits() > 0) {
      Sequence sequence = waiting.get(next);
      int found =
          cache.find(
              sequence.cacheScope(),
              sequence.tokenIds(),
              sequence.numTokens(),
              sequence.blockTable());
      if (isBeingComputed(sequence, found)) {
        next++;
      } else if (start(sequence, found, nanos)) {
        waiting.remove(next);
      } else {
        return;
      }
    }
  }

  private boolean isBeingComputed(Sequence sequence, int position) {
    boolean worthWaiting =
        KvCacheManager.isShared(sequence.cacheScope()) && position < sequence.numTokens() - 1;
    for (int s = 0; worthWaiting && s < batch.numSequences(); s++) {
      if (batch.computes(s, position) && scheduled[s].beginsAs(sequence, position + 1)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Starts a sequence if there are blocks for all its tokens, and one for each running sequence
   * that may need another: a sequence that starts into a full cache would only be preempted.
   *
   * @param found tokens that the cache holds, as {@link KvCacheManager#find} says
   */
  private boolean start(Sequence sequence, int found, long nanos) {
    int[] blockTable = sequence.blockTable();
    int numShared = found / KvCacheManager.BLOCK_SIZE;
    boolean endsInsideBlock = found % KvCacheManager.BLOCK_SIZE > 0;
    int copySource = endsInsideBlock ? blockTable[numShared] : -1;
    int numBlocks = KvCacheManager.blocksFor(sequence.numTokens());
    if (!cache.allocateAfter(blockTable, numShared, numBlocks, numGrowing())) {
      return false;
    }
    if (endsInsideBlock) {
      batch.addCopy(copySource, blockTable[numShared]);
    }
    sequence.holds(numBlocks);
    // tokens whose logits are needed are always computed: into a shared block they write the same
    // bits again
    sequence.started(Math.min(found, sequence.firstLogits()), nanos);
    running[numRunning++] = sequence;
    schedule(sequence, 0);
    return true;
  }

  private int numGrowing() {
    int growing = 0;
    for (int i = 0; i < numRunning; i++) {
      growing += running[i].numBlocks() < running[i].blockTable().length ? 1 : 0;
    }
    return growing;
  }

  /**
   * As many of its next tokens as the budget and the rows of logits allow.
   *
   * @param reserved tokens of the budget that are for others
   */
  private void schedule(Sequence sequence, int reserved) {
    int begin = sequence.numComputedTokens();
    int budget = maxNumBatchedTokens - batch.numTokens() - reserved;
    int logitsBegin = Math.max(begin, sequence.firstLogits());
    int end = Math.min(sequence.numTokens(), begin + budget);
    end = Math.min(end, logitsBegin + batch.freeLogits() - reserved);
    scheduled[batch.numSequences()] = sequence;
    batch.add(sequence.tokenIds(), begin, end, Math.min(logitsBegin, end), sequence.blockTable());
  }

  /** The sequence at index {@code s} of the batch. */
  public Sequence scheduled(int s) {
    return scheduled[s];
  }

  /** The model has computed the batch: its keys and values are in the cache. */
  public void computed() {
    for (int s = 0; s < batch.numSequences(); s++) {
      Sequence sequence = scheduled[s];
      int begin = sequence.numComputedTokens();
      int end = begin + batch.queryEnd(s) - batch.queryStart(s);
      cache.computed(sequence.cacheScope(), sequence.tokenIds(), begin, end, sequence.blockTable());
      sequence.computed(end);
    }
  }

  /** Ends a running or waiting sequence: its slot and its blocks are free for the next step. */
  public void remove(Sequence sequence) {
    for (int i = 0; i < numRunning; i++) {
      if (running[i] == sequence) {
        stop(i, State.FINISHED);
        return;
      }
    }
    waiting.remove(sequence);
    sequence.stopped(State.FINISHED);
  }

  private void stop(int i, State state) {
    Sequence sequence = running[i];
    cache.free(sequence.blockTable(), sequence.numBlocks());
    sequence.stopped(state);
    System.arraycopy(running, i + 1, running, i, numRunning - i - 1);
    running[--numRunning] = null;
  }

  /** Sequences that have a slot. */
  public int numRunning() {
    return numRunning;
  }

  /** Sequences that wait for one, preempted ones included. */
  public int numWaiting() {
    return waiting.size();
  }

  /** How often a sequence has been preempted. */
  public long numPreemptions() {
    return numPreemptions;
  }

  /**
   * Checks that the running sequences account for all holders of blocks, and the states for the
   * place where each sequence is.
   *
   * @throws IllegalStateException saying what does not add up
   */
  public void checkIntegrity() {
    int[] holders = new int[cache.numBlocks()];
    for (int i = 0; i < numRunning; i++) {
      Sequence sequence = running[i];
      for (int b = 0; b < sequence.numBlocks(); b++) {
        holders[sequence.blockTable()[b]]++;
      }
      int pending = sequence.numTokens() - sequence.numComputedTokens();
      if (sequence.state() != State.RUNNING || pending < 1) {
        throw new IllegalStateException(
            "running sequence "
                + i
                + " of "
                + numRunning
                + " is "
                + sequence.state()
                + " with "
                + pending
                + " pending tokens");
      }
    }
    cache.checkIntegrity(holders);
    waiting.checkIntegrity();
  }
}
