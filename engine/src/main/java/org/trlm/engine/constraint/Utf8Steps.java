package org.trlm.engine.constraint;

import java.util.HashMap;
import java.util.Map;

/**
 * Adds the UTF-8 of ranges of code points to an automaton: each range is cut where the number of
 * bytes changes, then until a range of every byte, independent of the others, describes each piece
 * (the construction of RE2 and Lucene). Pieces with the same last bytes share states.
 */
final class Utf8Steps {
  private record Step(int low, int high, int target) {}

  /** The last code point of one, two, three and four bytes. */
  private static final int[] LAST_OF_LENGTH = {0x7f, 0x7ff, 0xffff, Character.MAX_CODE_POINT};

  private final Nfa nfa;
  private final int from;
  private int end;
  private final Map<Step, Integer> shared = new HashMap<>();

  Utf8Steps(Nfa nfa, int from) {
    this.nfa = nfa;
    this.from = from;
  }

  /**
   * @param ranges first and last code points in turn, without surrogates
   * @return the state that each character leads to
   */
  int add(int[] ranges) throws ConstraintException {
    end = nfa.newState();
    for (int i = 0; i < ranges.length; i += 2) {
      int first = ranges[i];
      for (int last : LAST_OF_LENGTH) {
        if (first <= Math.min(last, ranges[i + 1])) {
          addPieces(first, Math.min(last, ranges[i + 1]));
          first = last + 1;
        }
      }
    }
    return end;
  }

  /** Code points of equally many bytes. */
  private void addPieces(int first, int last) throws ConstraintException {
    for (int bits = 6; bits <= 18; bits += 6) {
      int mask = (1 << bits) - 1;
      if ((first & ~mask) == (last & ~mask)) {
        break;
      }
      if ((first & mask) != 0) {
        addPieces(first, first | mask);
        addPieces((first | mask) + 1, last);
        return;
      }
      if ((last & mask) != mask) {
        addPieces(first, (last & ~mask) - 1);
        addPieces(last & ~mask, last);
        return;
      }
    }
    addPiece(bytes(first), bytes(last));
  }

  private void addPiece(int[] lows, int[] highs) throws ConstraintException {
    int state = end;
    for (int i = lows.length - 1; i > 0; i--) {
      Step step = new Step(lows[i], highs[i], state);
      Integer known = shared.get(step);
      if (known == null) {
        known = nfa.newState();
        nfa.addStep(known, step.low, step.high, state);
        shared.put(step, known);
      }
      state = known;
    }
    nfa.addStep(from, lows[0], highs[0], state);
  }

  private static int[] bytes(int codePoint) {
    if (codePoint < 0x80) {
      return new int[] {codePoint};
    }
    int length = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    int[] bytes = new int[length];
    for (int i = length - 1; i > 0; i--) {
      bytes[i] = 0x80 | (codePoint & 0x3f);
      codePoint >>= 6;
    }
    bytes[0] = (0xf00 >> length) & 0xff | codePoint;
    return bytes;
  }
}
