package org.trlm.tokenizer;

import java.util.Arrays;

/**
 * An immutable set of code points: sorted, disjoint, non-adjacent ranges and a bitmap for ASCII.
 */
final class CodePointSet {

  static final int LIMIT = Character.MAX_CODE_POINT + 1;

  static final CodePointSet EMPTY = new CodePointSet(new int[0]);

  /** start inclusive, end exclusive, start, end, … */
  private final int[] bounds;

  private final long low;
  private final long high;

  private CodePointSet(int[] bounds) {
    this.bounds = bounds;
    long lowBits = 0;
    long highBits = 0;
    for (int c = 0; c < 64; c++) {
      lowBits |= search(c) ? 1L << c : 0;
      highBits |= search(c + 64) ? 1L << c : 0;
    }
    low = lowBits;
    high = highBits;
  }

  /** One range, both ends included. */
  static CodePointSet range(int first, int last) {
    return new CodePointSet(new int[] {first, last + 1});
  }

  static CodePointSet of(int codePoint) {
    return range(codePoint, codePoint);
  }

  /** From alternating bounds (start inclusive, end exclusive) that rise strictly. */
  static CodePointSet ofBounds(int[] bounds) {
    for (int i = 1; i < bounds.length; i++) {
      if (bounds[i] <= bounds[i - 1]) {
        throw new IllegalArgumentException("bounds must rise, found " + bounds[i] + " at " + i);
      }
    }
    return new CodePointSet(bounds.clone());
  }

  boolean contains(int codePoint) {
    if (codePoint < 64) {
      return (low >>> codePoint & 1) != 0;
    }
    if (codePoint < 128) {
      return (high >>> codePoint & 1) != 0;
    }
    return search(codePoint);
  }

  private boolean search(int codePoint) {
    int at = Arrays.binarySearch(bounds, codePoint);
    int below = at >= 0 ? at : -at - 2;
    return (below & 1) == 0 && below >= 0;
  }

  CodePointSet union(CodePointSet that) {
    return combine(that, false);
  }

  CodePointSet intersection(CodePointSet that) {
    return combine(that, true);
  }

  CodePointSet complement() {
    boolean fromZero = bounds.length > 0 && bounds[0] == 0;
    boolean toEnd = bounds.length > 0 && bounds[bounds.length - 1] == LIMIT;
    IntList flipped = new IntList(bounds.length + 2);
    if (!fromZero) {
      flipped.add(0);
    }
    for (int i = fromZero ? 1 : 0; i < bounds.length - (toEnd ? 1 : 0); i++) {
      flipped.add(bounds[i]);
    }
    if (!toEnd) {
      flipped.add(LIMIT);
    }
    return new CodePointSet(flipped.toArray());
  }

  /** Walks both lists of bounds; a bound flips its own set, and is kept where the result flips. */
  private CodePointSet combine(CodePointSet that, boolean both) {
    IntList merged = new IntList(bounds.length + that.bounds.length);
    int i = 0;
    int j = 0;
    boolean inside = false;
    while (i < bounds.length || j < that.bounds.length) {
      int left = i < bounds.length ? bounds[i] : Integer.MAX_VALUE;
      int right = j < that.bounds.length ? that.bounds[j] : Integer.MAX_VALUE;
      int at = Math.min(left, right);
      i += left == at ? 1 : 0;
      j += right == at ? 1 : 0;
      boolean inLeft = (i & 1) == 1;
      boolean inRight = (j & 1) == 1;
      boolean now = both ? inLeft && inRight : inLeft || inRight;
      if (now != inside) {
        merged.add(at);
        inside = now;
      }
    }
    return new CodePointSet(merged.toArray());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePointSet that && Arrays.equals(bounds, that.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }
}
