package org.trlm.tokenizer;

import java.text.Normalizer;
import java.util.BitSet;

/**
 * What happens to a text before it is split.
 *
 * <p>NFC is the JDK's between the characters that the reference's older Unicode version does not
 * know; those stay where and as they are, as in the reference, whatever the JDK knows about them.
 */
enum Normalization {
  NONE,
  NFC;

  /** Below this, no character joins the one before it: composition never crosses the place. */
  private static final int FIRST_COMBINING = 0x300;

  String apply(String text) {
    if (this == NONE || Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
      return text;
    }
    int[] codePoints = text.codePoints().toArray();
    int[] composed = apply(codePoints, new BitSet(), new BitSet());
    return new String(composed, 0, composed.length);
  }

  /** Whether the text would come out as it is; may say no of one that would. */
  boolean leavesAlone(String text) {
    return this == NONE || Normalizer.isNormalized(text, Normalizer.Form.NFC);
  }

  /**
   * Normalizes code points and carries their marks along. Characters of which only one is marked
   * are not joined: content must not change the template's text beside it.
   *
   * @param marked positions of {@code text}
   * @param markedAfter receives the positions of the result
   */
  int[] apply(int[] text, BitSet marked, BitSet markedAfter) {
    IntList result = new IntList(text.length);
    int start = 0;
    while (start < text.length) {
      int end = stretchEnd(text, start, marked);
      int resultStart = result.size();
      if (end - start == 1 && isInert(text[start])) {
        result.add(text[start]);
      } else {
        String stretch = new String(text, start, end - start);
        result.addAll(Normalizer.normalize(stretch, Normalizer.Form.NFC).codePoints().toArray());
      }
      if (marked.get(start)) {
        markedAfter.set(resultStart, result.size());
      }
      start = end;
    }
    return result.toArray();
  }

  /** Where the stretch ends within which characters may be joined or change places. */
  private static int stretchEnd(int[] text, int start, BitSet marked) {
    int end = start + 1;
    if (!isInert(text[start])) {
      while (end < text.length
          && text[end] >= FIRST_COMBINING
          && !isInert(text[end])
          && marked.get(end) == marked.get(start)) {
        end++;
      }
    }
    return end;
  }

  private static boolean isInert(int codePoint) {
    return codePoint >= FIRST_COMBINING && UnicodeTables.NFC_INERT.contains(codePoint);
  }
}
