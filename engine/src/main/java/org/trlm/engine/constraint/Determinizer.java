package org.trlm.engine.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The subset construction: each state of the result stands for the set of states that the
 * nondeterministic automaton may be in. States from which nothing leads to the end are left out
 * beforehand, so every state of the result has a way to a final one.
 */
final class Determinizer {
  /** A set of states, sorted; only those that read a byte, and the end. */
  private record StateSet(int[] states) {
    @Override
    public boolean equals(Object other) {
      return other instanceof StateSet set && Arrays.equals(states, set.states);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(states);
    }
  }

  private final Nfa nfa;
  private final int end;
  private final boolean[] alive;

  private final Map<StateSet, Integer> ids = new HashMap<>();
  private final List<int[]> sets = new ArrayList<>();
  private final DfaBuilder dfa = new DfaBuilder();
  private long work;
  private int entries;

  /** Scratch: a stamp for each state that the current set has seen. */
  private final int[] seen;

  private int stamp;
  private int[] stack = new int[64];
  private int[] members = new int[64];
  private int numMembers;

  /** Scratch: the edges that leave the current set. */
  private int[] edges = new int[64];

  private final boolean[] begins = new boolean[257];

  private Determinizer(Nfa nfa, int end) {
    this.nfa = nfa;
    this.end = end;
    alive = leadingTo(nfa, end);
    seen = new int[nfa.numStates()];
  }

  /**
   * @param end the only final state
   * @param starts states to begin in; the result has a start state for each
   */
  static Dfa determinize(Nfa nfa, int end, int... starts) throws ConstraintException {
    return new Determinizer(nfa, end).run(starts);
  }

  private static boolean[] leadingTo(Nfa nfa, int end) {
    int[] begin = new int[nfa.numStates() + 1];
    for (int edge = 0; edge < nfa.numEdges(); edge++) {
      begin[nfa.target(edge)]++;
    }
    for (int state = 1; state <= nfa.numStates(); state++) {
      begin[state] += begin[state - 1];
    }
    int[] sources = new int[nfa.numEdges()];
    for (int state = 0; state < nfa.numStates(); state++) {
      for (int edge = nfa.firstEdge(state); edge >= 0; edge = nfa.nextEdge(edge)) {
        sources[--begin[nfa.target(edge)]] = state;
      }
    }
    boolean[] alive = new boolean[nfa.numStates()];
    int[] stack = new int[nfa.numStates()];
    int depth = 0;
    stack[depth++] = end;
    alive[end] = true;
    while (depth > 0) {
      int state = stack[--depth];
      for (int i = begin[state]; i < begin[state + 1]; i++) {
        if (!alive[sources[i]]) {
          alive[sources[i]] = true;
          stack[depth++] = sources[i];
        }
      }
    }
    return alive;
  }

  private Dfa run(int[] starts) throws ConstraintException {
    int[] startIds = new int[starts.length];
    for (int i = 0; i < starts.length; i++) {
      beginSet();
      add(starts[i]);
      startIds[i] = idOfSet();
    }
    for (int state = 0; state < sets.size(); state++) {
      addEdges(sets.get(state));
      sets.set(state, null);
    }
    return dfa.build(startIds);
  }

  private void beginSet() {
    stamp++;
    numMembers = 0;
  }

  /** Adds a state and all that jumps lead to from it. */
  private void add(int state) throws ConstraintException {
    int depth = 0;
    if (alive[state] && seen[state] != stamp) {
      seen[state] = stamp;
      stack[depth++] = state;
    }
    while (depth > 0) {
      int from = stack[--depth];
      boolean reads = from == end;
      for (int edge = nfa.firstEdge(from); edge >= 0; edge = nfa.nextEdge(edge)) {
        work++;
        int target = nfa.target(edge);
        if (nfa.low(edge) != Nfa.JUMP) {
          reads |= alive[target];
        } else if (alive[target] && seen[target] != stamp) {
          seen[target] = stamp;
          stack = depth == stack.length ? Arrays.copyOf(stack, 2 * depth) : stack;
          stack[depth++] = target;
        }
      }
      if (reads) {
        members = numMembers == members.length ? Arrays.copyOf(members, 2 * numMembers) : members;
        members[numMembers++] = from;
      }
    }
    checkWork();
  }

  /** The state of the result that the current set is; negative if the set is empty. */
  private int idOfSet() throws ConstraintException {
    if (numMembers == 0) {
      return Dfa.DEAD;
    }
    int[] states = Arrays.copyOf(members, numMembers);
    Arrays.sort(states);
    work += numMembers;
    Integer known = ids.get(new StateSet(states));
    if (known != null) {
      return known;
    }
    entries += numMembers;
    if (sets.size() == Limits.DFA_STATES) {
      throw Limits.tooLarge("states", Limits.DFA_STATES, nfa.part());
    }
    if (entries > Limits.SET_ENTRIES) {
      throw Limits.tooLarge("entries in its sets of states", Limits.SET_ENTRIES, nfa.part());
    }
    ids.put(new StateSet(states), sets.size());
    sets.add(states);
    return sets.size() - 1;
  }

  private void addEdges(int[] set) throws ConstraintException {
    int numEdges = gatherEdges(set);
    boolean isFinal = Arrays.binarySearch(set, end) >= 0;
    dfa.beginState(isFinal);
    for (int low = 0; low < 256; low++) {
      if (!begins[low]) {
        continue;
      }
      int high = low;
      while (!begins[high + 1]) {
        high++;
      }
      beginSet();
      for (int i = 0; i < numEdges; i++) {
        if (nfa.low(edges[i]) <= low && low <= nfa.high(edges[i])) {
          add(nfa.target(edges[i]));
        }
      }
      work += numEdges;
      int target = idOfSet();
      if (target != Dfa.DEAD) {
        dfa.addEdge(low, high, target);
      }
    }
    checkWork();
  }

  /**
   * Collects the edges that read a byte, and marks where ranges of bytes with equal edges begin.
   */
  private int gatherEdges(int[] set) {
    Arrays.fill(begins, false);
    begins[0] = true;
    begins[256] = true;
    int numEdges = 0;
    for (int state : set) {
      for (int edge = nfa.firstEdge(state); edge >= 0; edge = nfa.nextEdge(edge)) {
        if (nfa.low(edge) != Nfa.JUMP && alive[nfa.target(edge)]) {
          edges = numEdges == edges.length ? Arrays.copyOf(edges, 2 * numEdges) : edges;
          edges[numEdges++] = edge;
          begins[nfa.low(edge)] = true;
          begins[nfa.high(edge) + 1] = true;
        }
      }
    }
    return numEdges;
  }

  private void checkWork() throws ConstraintException {
    nfa.addWork(work);
    work = 0;
  }
}
