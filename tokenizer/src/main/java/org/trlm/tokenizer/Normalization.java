package org.trlm.tokenizer;

import java.text.Normalizer;
import java.util.BitSet;

/**
 * What happens to a text before it is split.
 *
 * <p>NFC is the JDK's, whose Unicode version may lag behind the reference's or be ahead of it: the
 * two differ only on characters with decompositions that one of them does not know.
 */
enum Normalization {
  NONE,
  NFC;

  /** Below this, no character joins the one before it: composition never crosses the place. */
  private static final int FIRST_COMBINING = 0x300;

  String apply(String text) {
    return this == NONE ? text : Normalizer.normalize(text, Normalizer.Form.NFC);
  }

  /** Whether the text would come out as it is. */
  boolean leavesAlone(String text) {
    return this == NONE || Normalizer.isNormalized(text, Normalizer.Form.NFC);
  }

  /**
   * Normalizes code points and carries their marks along: a stretch that holds a marked position
   * comes out marked.
   *
   * @param marked positions of {@code text}
   * @param markedAfter receives the positions of the result
   */
  int[] apply(int[] text, BitSet marked, BitSet markedAfter) {
    IntList result = new IntList(text.length);
    int start = 0;
    while (start < text.length) {
      int end = start + 1;
      while (end < text.length && text[end] >= FIRST_COMBINING) {
        end++;
      }
      int resultStart = result.size();
      result.addAll(apply(new String(text, start, end - start)).codePoints().toArray());
      int firstMarked = marked.nextSetBit(start);
      if (firstMarked >= 0 && firstMarked < end) {
        markedAfter.set(resultStart, result.size());
      }
      start = end;
    }
    return result.toArray();
  }
}
