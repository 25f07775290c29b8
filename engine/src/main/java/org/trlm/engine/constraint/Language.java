package org.trlm.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A set of byte strings, as a recipe for the states of an automaton. Immutable; the same one may be
 * used in many places, each of which gets states of its own.
 */
interface Language {
  /** The empty set. */
  Language NOTHING = (nfa, from) -> nfa.newState();

  /** The empty string alone. */
  Language EMPTY_STRING = (nfa, from) -> from;

  /** Stands for no upper limit of a repetition. */
  int UNLIMITED = -1;

  /**
   * Adds states so that exactly the strings of this set lead from one state to another.
   *
   * @return the state they lead to; nothing else leads there or leaves from there yet, unless it is
   *     {@code from} itself
   */
  int addTo(Nfa nfa, int from) throws ConstraintException;

  /** One text, as UTF-8. */
  static Language text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return (nfa, from) -> {
      int state = from;
      for (byte next : bytes) {
        state = nfa.addStep(state, next & 0xff, next & 0xff);
      }
      return state;
    };
  }

  /** One after another. */
  static Language sequence(Language... parts) {
    return sequence(List.of(parts));
  }

  /** One after another. */
  static Language sequence(List<Language> parts) {
    return (nfa, from) -> {
      int state = from;
      for (Language part : parts) {
        state = part.addTo(nfa, state);
      }
      return state;
    };
  }

  /** Any one of them. */
  static Language anyOf(Language... options) {
    return anyOf(List.of(options));
  }

  /** Any one of them. */
  static Language anyOf(List<Language> options) {
    if (options.size() == 1) {
      return options.get(0);
    }
    return (nfa, from) -> {
      int end = nfa.newState();
      for (Language option : options) {
        nfa.addJump(option.addTo(nfa, nfa.newStateAfter(from)), end);
      }
      return end;
    };
  }

  /** This one or the empty string. */
  default Language optional() {
    return repeated(0, 1);
  }

  /**
   * This one over and over.
   *
   * @param most at least {@code least}, or {@link #UNLIMITED}
   */
  default Language repeated(int least, int most) {
    return separated(EMPTY_STRING, least, most);
  }

  /** This one over and over, with a separator between each two. */
  default Language separated(Language separator, int least, int most) {
    return (nfa, from) -> {
      int end = nfa.newState();
      int state = nfa.newStateAfter(from);
      if (least == 0) {
        nfa.addJump(state, end);
      }
      int copies = most == UNLIMITED ? Math.max(1, least) : most;
      int before = state;
      for (int i = 1; i <= copies; i++) {
        before = nfa.newStateAfter(i == 1 ? state : separator.addTo(nfa, state));
        state = nfa.newStateAfter(addTo(nfa, before));
        if (i >= least) {
          nfa.addJump(state, end);
        }
      }
      if (most == UNLIMITED) {
        nfa.addJump(separator.addTo(nfa, nfa.newStateAfter(state)), before);
      }
      return end;
    };
  }

  /** The strings of this one that are in the other one as well. */
  default Language and(Language other) {
    return (nfa, from) -> {
      Dfa product =
          DfaProduct.intersection(nfa.compileApart(this), nfa.compileApart(other), nfa.apart());
      return product.addTo(nfa, from);
    };
  }

  /** The strings of this one that are not in the other one. */
  default Language without(Language other) {
    return (nfa, from) -> {
      Dfa product =
          DfaProduct.difference(nfa.compileApart(this), nfa.compileApart(other), nfa.apart());
      return product.addTo(nfa, from);
    };
  }
}
