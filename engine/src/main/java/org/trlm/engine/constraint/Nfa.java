package org.trlm.engine.constraint;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A nondeterministic automaton over bytes while it is built: steps that read one byte of a range,
 * and jumps that read nothing. One thread.
 */
final class Nfa {
  /** In place of a byte: a jump. */
  static final int JUMP = -1;

  private static final int NONE = -1;

  private int numStates;
  private int numEdges;

  /** By state: its latest edge. */
  private int[] firstEdges = new int[64];

  /** By edge: the one before it of the same state. */
  private int[] nextEdges = new int[64];

  private short[] lows = new short[64];
  private short[] highs = new short[64];
  private int[] targets = new int[64];

  /** How often each recursive part is open right now. */
  private final Map<String, Integer> openParts;

  private final int mostOpen;

  /** Steps taken so far, also by the automata compiled apart. */
  private final long[] work;

  private String part = "";
  private boolean leftOutNesting;

  /**
   * @param mostOpen how often a recursive part may be inside itself
   */
  Nfa(int mostOpen) {
    this(mostOpen, new HashMap<>(), new long[1]);
  }

  private Nfa(int mostOpen, Map<String, Integer> openParts, long[] work) {
    this.work = work;
    this.mostOpen = mostOpen;
    this.openParts = openParts;
  }

  int newState() throws ConstraintException {
    if (numStates == Limits.NFA_STATES) {
      throw Limits.tooLarge("states", Limits.NFA_STATES, part);
    }
    if (numStates == firstEdges.length) {
      firstEdges = Arrays.copyOf(firstEdges, 2 * numStates);
    }
    firstEdges[numStates] = NONE;
    addWork(1);
    return numStates++;
  }

  /** A new state that a jump leads to. */
  int newStateAfter(int from) throws ConstraintException {
    int state = newState();
    addJump(from, state);
    return state;
  }

  /** A new state that a byte of the range leads to. */
  int addStep(int from, int low, int high) throws ConstraintException {
    int state = newState();
    addStep(from, low, high, state);
    return state;
  }

  void addStep(int from, int low, int high, int to) {
    addEdge(from, low, high, to);
  }

  void addJump(int from, int to) {
    addEdge(from, JUMP, JUMP, to);
  }

  private void addEdge(int from, int low, int high, int to) {
    if (numEdges == targets.length) {
      nextEdges = Arrays.copyOf(nextEdges, 2 * numEdges);
      lows = Arrays.copyOf(lows, 2 * numEdges);
      highs = Arrays.copyOf(highs, 2 * numEdges);
      targets = Arrays.copyOf(targets, 2 * numEdges);
    }
    lows[numEdges] = (short) low;
    highs[numEdges] = (short) high;
    targets[numEdges] = to;
    nextEdges[numEdges] = firstEdges[from];
    firstEdges[from] = numEdges++;
  }

  /**
   * Adds a part that may contain itself; where it is open too often already, nothing leads on.
   *
   * @param name the same for the same part
   * @param most how often it may be inside itself, if the limit of all parts is not lower
   */
  int addRecursive(String name, int most, Language language, int from) throws ConstraintException {
    int open = openParts.getOrDefault(name, 0);
    if (open >= Math.min(most, mostOpen)) {
      leftOutNesting = true;
      return Language.NOTHING.addTo(this, from);
    }
    if (openParts.values().stream().mapToInt(Integer::intValue).sum() > Limits.DEPTH) {
      throw new ConstraintException(
          name + ": more than " + Limits.DEPTH + " references inside each other");
    }
    openParts.put(name, open + 1);
    int end = language.addTo(this, from);
    openParts.merge(name, -1, Integer::sum);
    return end;
  }

  /** Whether a recursive part was left out because it was open too often. */
  boolean leftOutNesting() {
    return leftOutNesting;
  }

  /** Adds a part whose name stands in the message if the automaton gets too large there. */
  int addNamed(String name, Language language, int from) throws ConstraintException {
    String outer = part;
    part = name;
    int end = language.addTo(this, from);
    part = outer;
    return end;
  }

  /** The automaton of a language by itself, at this place of this one. */
  Dfa compileApart(Language language) throws ConstraintException {
    Nfa apart = apart();
    try {
      int start = apart.newState();
      int end = language.addTo(apart, start);
      return Determinizer.determinize(apart, end, start);
    } finally {
      leftOutNesting |= apart.leftOutNesting;
    }
  }

  /** An automaton that is a step on the way to this one. */
  Nfa apart() {
    Nfa apart = new Nfa(mostOpen, openParts, work);
    apart.part = part;
    return apart;
  }

  /** Counts what a compilation does, so that it ends. */
  void addWork(long steps) throws ConstraintException {
    work[0] += steps;
    if (work[0] > Limits.WORK) {
      throw Limits.tooLarge("steps to compile", Limits.WORK, part);
    }
  }

  String part() {
    return part;
  }

  int numStates() {
    return numStates;
  }

  int numEdges() {
    return numEdges;
  }

  /** The first edge of a state; negative if there is none. */
  int firstEdge(int state) {
    return firstEdges[state];
  }

  /** The edge after this one of the same state; negative if there is none. */
  int nextEdge(int edge) {
    return nextEdges[edge];
  }

  /** The first byte that an edge reads, or {@link #JUMP}. */
  int low(int edge) {
    return lows[edge];
  }

  /** The last byte that an edge reads. */
  int high(int edge) {
    return highs[edge];
  }

  int target(int edge) {
    return targets[edge];
  }
}
