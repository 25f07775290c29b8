package org.trlm.tokenizer.chat;

import java.util.Arrays;

/**
 * A string of the template language: text, and which of its characters a user or a tool wrote.
 * Immutable. Equality and hash are those of the text alone, so that marks never change what a
 * template does.
 *
 * <p>Indexes are UTF-16 ones here; what a template counts is code points.
 */
final class MarkedString {
  private static final int[] NO_MARKS = {};
  static final MarkedString EMPTY = trusted("");

  private final String text;
  private final int[] marks;
  private final boolean markup;
  private int codePoints = -1;

  private MarkedString(String text, int[] marks, boolean markup) {
    this.text = text;
    this.marks = marks;
    this.markup = markup;
  }

  static MarkedString trusted(String text) {
    return new MarkedString(text, NO_MARKS, false);
  }

  static MarkedString untrusted(String text) {
    return new MarkedString(text, text.isEmpty() ? NO_MARKS : new int[] {0, text.length()}, false);
  }

  String text() {
    return text;
  }

  /** Pairs {@code [start, end)}, sorted, disjoint, not touching. Not to be changed. */
  int[] marks() {
    return marks;
  }

  boolean isTrusted() {
    return marks.length == 0;
  }

  /** Whether this is Python's Markup, which escapes what is added to it. */
  boolean isMarkup() {
    return markup;
  }

  MarkedString asMarkup(boolean wanted) {
    return wanted == markup ? this : new MarkedString(text, marks, wanted);
  }

  int length() {
    return text.length();
  }

  boolean isEmpty() {
    return text.isEmpty();
  }

  int codePoints() {
    if (codePoints < 0) {
      codePoints = text.codePointCount(0, text.length());
    }
    return codePoints;
  }

  /** UTF-16 index of a code point. */
  int indexOf(int codePoint) {
    return codePoints() == text.length() ? codePoint : text.offsetByCodePoints(0, codePoint);
  }

  MarkedString substring(int start, int end, Budget budget) {
    if (start == 0 && end == text.length()) {
      return this;
    }
    if (start >= end) {
      return EMPTY.asMarkup(markup);
    }
    budget.write(end - start);
    return new MarkedString(text.substring(start, end), marksWithin(start, end), markup);
  }

  private int[] marksWithin(int start, int end) {
    int first = firstMarkEndingAfter(start);
    int last = first;
    while (last < marks.length && marks[last] < end) {
      last += 2;
    }
    if (first == last) {
      return NO_MARKS;
    }
    int[] within = Arrays.copyOfRange(marks, first, last);
    for (int i = 0; i < within.length; i++) {
      within[i] = Math.min(Math.max(within[i], start), end) - start;
    }
    return within;
  }

  private int firstMarkEndingAfter(int position) {
    int low = 0;
    int high = marks.length / 2;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (marks[2 * middle + 1] <= position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return 2 * low;
  }

  boolean isMarkedAt(int index) {
    int mark = firstMarkEndingAfter(index);
    return mark < marks.length && marks[mark] <= index;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MarkedString that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }

  /** Joins text while keeping its marks; every character is charged to the budget first. */
  static final class Builder {
    private static final int MARK_COST = 4;

    private final Budget budget;
    private final StringBuilder text = new StringBuilder();
    private int[] marks = NO_MARKS;
    private int count;

    Builder(Budget budget) {
      this.budget = budget;
    }

    Builder append(String trusted) {
      budget.write(trusted.length());
      text.append(trusted);
      return this;
    }

    Builder append(MarkedString string) {
      return append(string, 0, string.length());
    }

    Builder append(MarkedString string, int start, int end) {
      if (start >= end) {
        return this;
      }
      budget.write(end - start);
      int shift = text.length() - start;
      for (int i = string.firstMarkEndingAfter(start);
          i < string.marks.length && string.marks[i] < end;
          i += 2) {
        mark(Math.max(string.marks[i], start) + shift, Math.min(string.marks[i + 1], end) + shift);
      }
      text.append(string.text, start, end);
      return this;
    }

    /** Appends text that stands for a character which was marked or not. */
    Builder append(String piece, boolean untrusted) {
      budget.write(piece.length());
      if (untrusted && !piece.isEmpty()) {
        mark(text.length(), text.length() + piece.length());
      }
      text.append(piece);
      return this;
    }

    Builder repeat(MarkedString string, long times) {
      if (times > 0 && !string.isEmpty()) {
        if (times > Budget.MAX_TEXT) {
          budget.write(Budget.MAX_TEXT + 1);
        }
        for (long i = 0; i < times; i++) {
          append(string);
          budget.step();
        }
      }
      return this;
    }

    private void mark(int start, int end) {
      if (count > 0 && marks[count - 1] == start) {
        marks[count - 1] = end;
        return;
      }
      budget.write(MARK_COST);
      if (count == marks.length) {
        marks = Arrays.copyOf(marks, Math.max(8, count * 2));
      }
      marks[count++] = start;
      marks[count++] = end;
    }

    int length() {
      return text.length();
    }

    MarkedString build() {
      return new MarkedString(
          text.toString(), count == 0 ? NO_MARKS : Arrays.copyOf(marks, count), false);
    }
  }
}
