package org.trlm.engine.schedule;

import java.util.ArrayList;
import org.trlm.engine.schedule.Sequence.State;

/**
 * The sequences without a slot, in the order in which they start: preempted ones first, then those
 * that may become longest, so that the last ones to run are short and the slots empty together; of
 * equal ones the first to arrive. A sequence lets at most {@value #OVERTAKERS_PER_TOKEN} later ones
 * overtake it for each token they may be longer, so none waits for ever. One thread; an addition
 * makes room for all running sequences to come back, so that a preemption allocates nothing.
 */
final class WaitingQueue {
  private static final int OVERTAKERS_PER_TOKEN = 16;

  private final int maxNumSeqs;
  private final ArrayList<Sequence> sequences = new ArrayList<>();
  private long arrivals;

  WaitingQueue(int maxNumSeqs) {
    this.maxNumSeqs = maxNumSeqs;
  }

  /** Puts a new sequence where it belongs. */
  void add(Sequence sequence) {
    sequences.ensureCapacity(sequences.size() + 1 + maxNumSeqs);
    sequence.rank((long) OVERTAKERS_PER_TOKEN * sequence.tokenIds().length - arrivals++);
    int low = 0;
    int high = sequences.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (comesBefore(sequences.get(middle), sequence)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    sequences.add(low, sequence);
  }

  /** Whether a sequence of the queue starts before another one that has never run. */
  private static boolean comesBefore(Sequence sequence, Sequence waiting) {
    return sequence.state() == State.PREEMPTED || sequence.rank() >= waiting.rank();
  }

  /** Puts a preempted sequence before all others. */
  void addFirst(Sequence sequence) {
    sequences.add(0, sequence);
  }

  Sequence get(int i) {
    return sequences.get(i);
  }

  void remove(int i) {
    sequences.remove(i);
  }

  void remove(Sequence sequence) {
    sequences.remove(sequence);
  }

  int size() {
    return sequences.size();
  }

  /**
   * @throws IllegalStateException when a sequence stands in the wrong place
   */
  void checkIntegrity() {
    for (int i = 0; i < sequences.size(); i++) {
      Sequence sequence = sequences.get(i);
      boolean preempted = sequence.state() == State.PREEMPTED;
      boolean waits = preempted || sequence.state() == State.WAITING;
      Sequence before = i == 0 ? null : sequences.get(i - 1);
      boolean inOrder =
          before == null
              || (preempted ? before.state() == State.PREEMPTED : comesBefore(before, sequence));
      if (!inOrder || !waits || sequence.numBlocks() > 0) {
        throw new IllegalStateException(
            "waiting sequence "
                + i
                + " is "
                + sequence.state()
                + ", holds "
                + sequence.numBlocks()
                + " blocks, "
                + (inOrder ? "in order" : "out of order"));
      }
    }
  }
}
