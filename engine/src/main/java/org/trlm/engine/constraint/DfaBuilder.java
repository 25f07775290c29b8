package org.trlm.engine.constraint;

import java.util.Arrays;
import java.util.BitSet;

/** Collects the states of a {@link Dfa} in order, each with its edges by ascending bytes. */
final class DfaBuilder {
  private int numStates;
  private int numEdges;
  private int[] edgeStarts = new int[64];
  private byte[] lows = new byte[64];
  private byte[] highs = new byte[64];
  private int[] targets = new int[64];
  private final BitSet finals = new BitSet();

  /** Goes on to the next state. */
  void beginState(boolean isFinal) {
    if (numStates + 2 > edgeStarts.length) {
      edgeStarts = Arrays.copyOf(edgeStarts, 2 * edgeStarts.length);
    }
    finals.set(numStates, isFinal);
    edgeStarts[numStates++] = numEdges;
  }

  /** Adds an edge to the current state; joins it to the last one if they are neighbours. */
  void addEdge(int low, int high, int target) throws ConstraintException {
    boolean first = edgeStarts[numStates - 1] == numEdges;
    if (!first && targets[numEdges - 1] == target && (highs[numEdges - 1] & 0xff) == low - 1) {
      highs[numEdges - 1] = (byte) high;
      return;
    }
    if (numEdges == Limits.DFA_EDGES) {
      throw Limits.tooLarge("transitions", Limits.DFA_EDGES, "");
    }
    if (numEdges == targets.length) {
      lows = Arrays.copyOf(lows, 2 * numEdges);
      highs = Arrays.copyOf(highs, 2 * numEdges);
      targets = Arrays.copyOf(targets, 2 * numEdges);
    }
    lows[numEdges] = (byte) low;
    highs[numEdges] = (byte) high;
    targets[numEdges++] = target;
  }

  Dfa build(int... starts) {
    edgeStarts[numStates] = numEdges;
    return new Dfa(
        starts,
        Arrays.copyOf(edgeStarts, numStates + 1),
        Arrays.copyOf(lows, numEdges),
        Arrays.copyOf(highs, numEdges),
        Arrays.copyOf(targets, numEdges),
        finals);
  }
}
