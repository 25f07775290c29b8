package org.trlm.tokenizer;

/** The pre-tokenizer {@code Digits}: numeric characters apart, each alone or in runs. */
final class DigitSplit implements PreTokenizer {

  private final boolean individual;

  private DigitSplit(boolean individual) {
    this.individual = individual;
  }

  static DigitSplit eachAlone() {
    return new DigitSplit(true);
  }

  static DigitSplit inRuns() {
    return new DigitSplit(false);
  }

  @Override
  public void split(int[] text, int start, int end, IntList spans) {
    int pieceStart = start;
    boolean previousNumeric = false;
    for (int at = start; at < end; at++) {
      boolean numeric = UnicodeTables.NUMERIC.contains(text[at]);
      if (at > start && (numeric != previousNumeric || (numeric && individual))) {
        spans.addPair(pieceStart, at);
        pieceStart = at;
      }
      previousNumeric = numeric;
    }
    spans.addPair(pieceStart, end);
  }
}
