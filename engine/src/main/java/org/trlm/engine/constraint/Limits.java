package org.trlm.engine.constraint;

/**
 * How large the automaton of one constraint may get. They bound the time of a compilation to about
 * a second and its memory to tens of megabytes, whatever the constraint says.
 */
final class Limits {
  /** States of the nondeterministic automaton: one for each step of each repetition. */
  static final int NFA_STATES = 400_000;

  /** States of the deterministic one. */
  static final int DFA_STATES = 150_000;

  /** Transitions of the deterministic one. */
  static final int DFA_EDGES = 2_000_000;

  /** Visits of states and transitions while it is made. */
  static final long WORK = 150_000_000;

  /** Entries of all sets of states that are kept while it is made. */
  static final int SET_ENTRIES = 6_000_000;

  /** Parentheses of an expression, or schemas of a schema, inside each other. */
  static final int DEPTH = 100;

  /** Characters of an expression, or of the text of a schema or list of choices. */
  static final int SOURCE_CHARACTERS = 1_000_000;

  private Limits() {}

  static ConstraintException.TooLarge tooLarge(String what, long limit, String part) {
    return new ConstraintException.TooLarge(
        "the constraint is too large: its automaton needs more than "
            + (limit + " " + what)
            + (part.isEmpty() ? "" : " (at " + part + ")")
            + "; allow fewer repetitions, shorter strings or fewer alternatives");
  }
}
