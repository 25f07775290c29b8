package org.trlm.tokenizer;

import java.util.BitSet;

/**
 * Finds the longest of a fixed set of strings at a place in a text. Of two equal strings the first
 * added one is found. Filled once, then read by many threads.
 */
final class TokenTrie {

  private final LongMap edges = new LongMap(64);
  private final IntList valueOfNode = new IntList(16);
  private final BitSet firstCharacters = new BitSet();

  TokenTrie() {
    valueOfNode.add(-1);
  }

  boolean isEmpty() {
    return firstCharacters.isEmpty();
  }

  void add(String text, int value) {
    int[] codePoints = text.codePoints().toArray();
    firstCharacters.set(codePoints[0]);
    int node = 0;
    for (int codePoint : codePoints) {
      long key = key(node, codePoint);
      long next = edges.find(key);
      if (next == LongMap.ABSENT) {
        next = valueOfNode.size();
        valueOfNode.add(-1);
        edges.put(key, next);
      }
      node = (int) next;
    }
    if (valueOfNode.at(node) < 0) {
      valueOfNode.set(node, value);
    }
  }

  /**
   * The longest string that starts at {@code at}, ends by {@code end} and holds no position of
   * {@code content}.
   *
   * @param content positions that no match may hold, or null for none
   * @return (value, end of the match) as high and low half, or −1
   */
  long longest(int[] text, int at, int end, BitSet content) {
    if (!firstCharacters.get(text[at])) {
      return -1;
    }
    long found = -1;
    int node = 0;
    for (int i = at; i < end && (content == null || !content.get(i)); i++) {
      long next = edges.find(key(node, text[i]));
      if (next == LongMap.ABSENT) {
        break;
      }
      node = (int) next;
      if (valueOfNode.at(node) >= 0) {
        found = BytePairEncoding.pair(valueOfNode.at(node), i + 1);
      }
    }
    return found;
  }

  private static long key(int node, int codePoint) {
    return ((long) node << 21) | codePoint;
  }
}
