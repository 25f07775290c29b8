package org.trlm.engine.constraint;

/** Finds one tag in a text that comes byte by byte (Knuth, Morris and Pratt). */
final class TagMatcher {
  private final byte[] tag;

  /** By matched length: the length of the longest proper border of that prefix. */
  private final int[] borders;

  private int matched;

  TagMatcher(byte[] tag) {
    this.tag = tag;
    borders = new int[tag.length + 1];
    for (int length = 2; length <= tag.length; length++) {
      borders[length] = matchedAfter(borders[length - 1], tag[length - 1]);
    }
  }

  /** Whether the tag ends with this byte. */
  boolean append(byte next) {
    matched = matchedAfter(matched, next);
    return matched == tag.length;
  }

  /** How much of the tag the text ends with, after one more byte. */
  int matchedAfter(int matched, byte next) {
    int length = matched == tag.length ? borders[matched] : matched;
    while (length > 0 && tag[length] != next) {
      length = borders[length];
    }
    return tag[length] == next ? length + 1 : 0;
  }

  /** How much of the tag the text ends with. */
  int matched() {
    return matched;
  }

  int length() {
    return tag.length;
  }

  byte lastByte() {
    return tag[tag.length - 1];
  }
}
