package org.trlm.engine.constraint;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * What two automata read side by side: the strings that both accept, or those that only the first
 * one accepts.
 */
final class DfaProduct {
  private final Dfa one;
  private final Dfa other;
  private final boolean subtract;

  private final Map<Long, Integer> states = new HashMap<>();
  private final Nfa pairs;
  private final int end;

  private DfaProduct(Dfa one, Dfa other, boolean subtract, Nfa pairs) throws ConstraintException {
    this.one = one;
    this.other = other;
    this.subtract = subtract;
    this.pairs = pairs;
    end = pairs.newState();
  }

  /**
   * The strings that both accept.
   *
   * @param pairs an empty automaton to build it in
   */
  static Dfa intersection(Dfa one, Dfa other, Nfa pairs) throws ConstraintException {
    return new DfaProduct(one, other, false, pairs).run();
  }

  /**
   * The strings that the first one accepts and the other one does not.
   *
   * @param pairs an empty automaton to build it in
   */
  static Dfa difference(Dfa one, Dfa other, Nfa pairs) throws ConstraintException {
    return new DfaProduct(one, other, true, pairs).run();
  }

  private Dfa run() throws ConstraintException {
    int start = pairs.newState();
    if (one.start() != Dfa.DEAD && (subtract || other.start() != Dfa.DEAD)) {
      ArrayDeque<long[]> open = new ArrayDeque<>();
      pairs.addJump(start, stateOf(one.start(), other.start(), open));
      while (!open.isEmpty()) {
        long[] pair = open.remove();
        addEdges((int) pair[0], (int) pair[1], (int) pair[2], open);
      }
    }
    // determinizing leaves out the pairs from which nothing leads to the end
    return Determinizer.determinize(pairs, end, start);
  }

  private int stateOf(int a, int b, ArrayDeque<long[]> open) throws ConstraintException {
    long key = ((long) a << 32) | (b & 0xffffffffL);
    Integer known = states.get(key);
    if (known != null) {
      return known;
    }
    int state = pairs.newState();
    states.put(key, state);
    open.add(new long[] {a, b, state});
    boolean otherAccepts = b != Dfa.DEAD && other.isFinal(b);
    if (one.isFinal(a) && otherAccepts != subtract) {
      pairs.addJump(state, end);
    }
    return state;
  }

  private void addEdges(int a, int b, int state, ArrayDeque<long[]> open)
      throws ConstraintException {
    for (int edge = one.edgeStart(a); edge < one.edgeEnd(a); edge++) {
      int low = one.low(edge);
      while (low <= one.high(edge)) {
        int target = b == Dfa.DEAD ? Dfa.DEAD : other.next(b, low);
        int high = low;
        while (high < one.high(edge)
            && (b == Dfa.DEAD ? Dfa.DEAD : other.next(b, high + 1)) == target) {
          high++;
        }
        if (target != Dfa.DEAD || subtract) {
          pairs.addStep(state, low, high, stateOf(one.target(edge), target, open));
        }
        low = high + 1;
      }
    }
  }
}
