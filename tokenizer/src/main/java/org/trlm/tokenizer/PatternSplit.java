package org.trlm.tokenizer;

/** The pre-tokenizer {@code Split}: cuts at the matches of a pattern, or between them. */
final class PatternSplit implements PreTokenizer {

  /** What becomes of a match. */
  enum Behavior {
    /** It is left out. */
    REMOVED,
    /** It is a piece of its own. */
    ISOLATED,
    /** It ends the piece before it. */
    MERGED_WITH_PREVIOUS,
    /** It begins the piece after it. */
    MERGED_WITH_NEXT,
    /** Adjoining matches are one piece. */
    CONTIGUOUS
  }

  private final SplitRegex regex;
  private final Behavior behavior;
  private final boolean inverted;

  /**
   * @param inverted the text between the matches takes the role of the matches
   */
  PatternSplit(SplitRegex regex, Behavior behavior, boolean inverted) {
    this.regex = regex;
    this.behavior = behavior;
    this.inverted = inverted;
  }

  @Override
  public void split(int[] text, int start, int end, IntList spans) {
    SplitRegex.Matcher matcher = regex.matcher(text, start, end);
    Cutter cutter = new Cutter(spans);
    int previous = start;
    while (matcher.find()) {
      if (previous != matcher.start()) {
        cutter.piece(previous, matcher.start(), inverted);
      }
      cutter.piece(matcher.start(), matcher.end(), !inverted);
      previous = matcher.end();
    }
    if (previous != end) {
      cutter.piece(previous, end, inverted);
    }
    cutter.finish();
  }

  /** Puts matches and what lies between them together as the behaviour says. */
  private final class Cutter {
    private final IntList spans;
    private boolean previousMatch;
    private int openStart = -1;
    private int openEnd = -1;

    Cutter(IntList spans) {
      this.spans = spans;
    }

    void piece(int start, int end, boolean match) {
      boolean joins =
          switch (behavior) {
            case REMOVED, ISOLATED -> false;
            case CONTIGUOUS -> match == previousMatch;
            case MERGED_WITH_PREVIOUS -> match && !previousMatch;
            case MERGED_WITH_NEXT -> !match && previousMatch;
          };
      if (joins && openStart >= 0) {
        openEnd = end;
      } else {
        finish();
        if (behavior != Behavior.REMOVED || !match) {
          openStart = start;
          openEnd = end;
        }
      }
      previousMatch = match;
    }

    void finish() {
      if (openStart >= 0) {
        spans.addPair(openStart, openEnd);
      }
      openStart = -1;
    }
  }
}
