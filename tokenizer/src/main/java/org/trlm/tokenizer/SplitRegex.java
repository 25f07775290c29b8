package org.trlm.tokenizer;

import java.util.Arrays;

/**
 * A compiled regular expression of a pre-tokenizer, with the meaning that the reference's engine
 * (Oniguruma with Ruby's syntax) gives it: the leftmost match, the first alternative that leads to
 * one, classes from {@link UnicodeTables}.
 *
 * <p>A backtracking machine over code points with its own stack, so that a long text cannot
 * overflow the thread's, and with a bound on its steps, so that a hostile pattern ends with a named
 * error instead of hanging. A repeated single class is one instruction and one stack entry however
 * far it runs: the patterns that models use cost time linear in the text. Immutable and
 * thread-safe; a {@link Matcher} belongs to one thread.
 */
final class SplitRegex {

  /** Steps a search may take: this many, plus {@link #STEPS_PER_CHARACTER} for each character. */
  private static final long STEPS = 20_000_000;

  private static final long STEPS_PER_CHARACTER = 200;

  static final int CHAR_IN_SET = 0; // a = set
  static final int FORK = 1; // try a first, then b
  static final int JUMP = 2; // a = target
  static final int MATCH = 3;
  static final int REPEAT_SET = 4; // a = set, b = min, c = max or −1, greedy
  static final int REPEAT_SET_POSSESSIVE = 5; // likewise, never given back
  static final int LOOK_AHEAD = 6; // a = continue at when the body, which follows, matches
  static final int LOOK_AHEAD_NOT = 7; // a = continue at when the body does not match
  static final int LOOK_BEHIND = 8; // a = continue at, b = length of the body
  static final int LOOK_BEHIND_NOT = 9;
  static final int ATOMIC = 10; // a = continue at, where the body ended

  private final String source;
  private final int[] code;
  private final CodePointSet[] sets;

  /** The code is quadruples (operation, a, b, c). */
  SplitRegex(String source, int[] code, CodePointSet[] sets) {
    this.source = source;
    this.code = code;
    this.sets = sets;
  }

  String source() {
    return source;
  }

  Matcher matcher(int[] text, int start, int end) {
    return new Matcher(text, start, end);
  }

  /** Finds the matches in one piece of a text; nothing outside the piece is looked at. */
  final class Matcher {
    private final int[] text;
    private final int from;
    private final int to;
    private long stepsLeft;
    private int[] stack = new int[48];
    private int top;
    private int matchStart;
    private int matchEnd;
    private int searchAt;
    private int lastEnd = -1;

    private Matcher(int[] text, int from, int to) {
      this.text = text;
      this.from = from;
      this.to = to;
      searchAt = from;
      stepsLeft = STEPS + STEPS_PER_CHARACTER * (to - from);
    }

    int start() {
      return matchStart;
    }

    int end() {
      return matchEnd;
    }

    /**
     * Goes to the next match; an empty one directly after the last match is passed over, as the
     * reference's iterator does.
     */
    boolean find() {
      while (searchAt <= to) {
        if (!search(searchAt)) {
          searchAt = to + 1;
          return false;
        }
        if (matchEnd == matchStart && lastEnd == matchEnd) {
          searchAt++;
        } else {
          searchAt = matchEnd;
          lastEnd = matchEnd;
          return true;
        }
      }
      return false;
    }

    private boolean search(int at) {
      for (int start = at; start <= to; start++) {
        int end = run(0, start);
        if (end >= 0) {
          matchStart = start;
          matchEnd = end;
          return true;
        }
      }
      return false;
    }

    /** Runs from an instruction and a position; returns where the match ended, or −1. */
    private int run(int startPc, int startPosition) {
      int base = top;
      int pc = startPc;
      int position = startPosition;
      while (true) {
        if (--stepsLeft < 0) {
          throw tooManySteps();
        }
        int a = code[pc + 1];
        boolean holds = true;
        switch (code[pc]) {
          case CHAR_IN_SET -> {
            holds = position < to && sets[a].contains(text[position]);
            position++;
            pc += 4;
          }
          case FORK -> {
            push(code[pc + 2], position, position);
            pc = a;
          }
          case JUMP -> pc = a;
          case REPEAT_SET, REPEAT_SET_POSSESSIVE -> {
            int floor = position + code[pc + 2];
            int reached = repeat(sets[a], position, code[pc + 3]);
            holds = reached >= floor;
            if (holds && reached > floor && code[pc] == REPEAT_SET) {
              push(pc + 4, reached - 1, floor);
            }
            position = reached;
            pc += 4;
          }
          case LOOK_AHEAD, LOOK_AHEAD_NOT -> {
            holds = (run(pc + 4, position) >= 0) == (code[pc] == LOOK_AHEAD);
            pc = a;
          }
          case LOOK_BEHIND, LOOK_BEHIND_NOT -> {
            int behind = position - code[pc + 2];
            boolean found = behind >= from && run(pc + 4, behind) == position;
            holds = found == (code[pc] == LOOK_BEHIND);
            pc = a;
          }
          case ATOMIC -> {
            position = run(pc + 4, position);
            holds = position >= 0;
            pc = a;
          }
          default -> {
            top = base;
            return position;
          }
        }
        if (!holds) {
          if (top == base) {
            return -1;
          }
          pc = stack[top - 3];
          position = stack[top - 2];
          if (position > stack[top - 1]) {
            stack[top - 2]--; // a repeated class gives back one more character next time
          } else {
            top -= 3;
          }
        }
      }
    }

    private int repeat(CodePointSet set, int position, int max) {
      int limit = max < 0 || max > to - position ? to : position + max;
      int at = position;
      while (at < limit && set.contains(text[at])) {
        at++;
      }
      stepsLeft -= (at - position) >> 3;
      return at;
    }

    private void push(int pc, int position, int floor) {
      if (top + 3 > stack.length) {
        stack = Arrays.copyOf(stack, Math.multiplyExact(stack.length, 2));
      }
      stack[top++] = pc;
      stack[top++] = position;
      stack[top++] = floor;
    }

    private TokenizerFormatException tooManySteps() {
      return new TokenizerFormatException(
          "the pre-tokenizer's pattern "
              + source
              + " goes back and forth too often on a text of "
              + (to - from)
              + " characters: more than "
              + (STEPS + STEPS_PER_CHARACTER * (to - from))
              + " steps; use a pattern whose time grows with the length of the text");
    }
  }
}
