package org.trlm.engine.constraint;

import java.util.BitSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A deterministic automaton over bytes. Immutable. From every state something leads to a final one.
 */
final class Dfa implements Language {
  /** No state: the bytes read so far begin no string of the language. */
  static final int DEAD = -1;

  private final int[] starts;

  /** By state, and one more: its first edge. */
  private final int[] edgeStarts;

  /** By edge, ascending within a state: the range of bytes it reads. */
  private final byte[] lows;

  private final byte[] highs;
  private final int[] targets;
  private final BitSet finals;

  Dfa(int[] starts, int[] edgeStarts, byte[] lows, byte[] highs, int[] targets, BitSet finals) {
    this.starts = starts;
    this.edgeStarts = edgeStarts;
    this.lows = lows;
    this.highs = highs;
    this.targets = targets;
    this.finals = finals;
  }

  /** The first start state; {@link #DEAD} when the language has no string. */
  int start() {
    return starts[0];
  }

  int start(int index) {
    return starts[index];
  }

  int numStates() {
    return edgeStarts.length - 1;
  }

  boolean isFinal(int state) {
    return finals.get(state);
  }

  /** The state after one more byte, or {@link #DEAD}. */
  int next(int state, int next) {
    for (int edge = edgeStarts[state]; edge < edgeStarts[state + 1]; edge++) {
      if (next <= (highs[edge] & 0xff)) {
        return next >= (lows[edge] & 0xff) ? targets[edge] : DEAD;
      }
    }
    return DEAD;
  }

  /** The state after more bytes, or {@link #DEAD}. */
  int next(int state, byte[] bytes) {
    for (int i = 0; i < bytes.length && state != DEAD; i++) {
      state = next(state, bytes[i] & 0xff);
    }
    return state;
  }

  /** The states from which some bytes, all of them readable, lead to a final state. */
  BitSet leadingToFinal(IntPredicate readable) {
    int[] begin = new int[numStates() + 1];
    for (int target : targets) {
      begin[target]++;
    }
    for (int state = 1; state < begin.length; state++) {
      begin[state] += begin[state - 1];
    }
    int[] edges = new int[targets.length];
    int[] sources = new int[targets.length];
    for (int state = 0; state < numStates(); state++) {
      for (int edge = edgeStart(state); edge < edgeEnd(state); edge++) {
        edges[--begin[targets[edge]]] = edge;
        sources[begin[targets[edge]]] = state;
      }
    }
    BitSet found = (BitSet) finals.clone();
    int[] open = new int[numStates()];
    int numOpen = 0;
    for (int state = finals.nextSetBit(0); state >= 0; state = finals.nextSetBit(state + 1)) {
      open[numOpen++] = state;
    }
    while (numOpen > 0) {
      int state = open[--numOpen];
      for (int i = begin[state]; i < begin[state + 1]; i++) {
        if (!found.get(sources[i])
            && IntStream.rangeClosed(low(edges[i]), high(edges[i])).anyMatch(readable)) {
          found.set(sources[i]);
          open[numOpen++] = sources[i];
        }
      }
    }
    return found;
  }

  int edgeStart(int state) {
    return edgeStarts[state];
  }

  int edgeEnd(int state) {
    return edgeStarts[state + 1];
  }

  int low(int edge) {
    return lows[edge] & 0xff;
  }

  int high(int edge) {
    return highs[edge] & 0xff;
  }

  int target(int edge) {
    return targets[edge];
  }

  /** Bytes that it takes in memory. */
  long sizeInBytes() {
    return 4L * edgeStarts.length + 6L * targets.length + finals.size() / 8;
  }

  @Override
  public int addTo(Nfa nfa, int from) throws ConstraintException {
    int end = nfa.newState();
    if (start() == DEAD) {
      return end;
    }
    int[] states = new int[numStates()];
    for (int state = 0; state < states.length; state++) {
      states[state] = nfa.newState();
    }
    for (int state = 0; state < states.length; state++) {
      for (int edge = edgeStart(state); edge < edgeEnd(state); edge++) {
        nfa.addStep(states[state], low(edge), high(edge), states[target(edge)]);
      }
      if (isFinal(state)) {
        nfa.addJump(states[state], end);
      }
    }
    nfa.addJump(from, states[start()]);
    return end;
  }
}
