package org.trlm.engine.schedule;

import java.util.Arrays;
import java.util.List;

/**
 * Finds the stop strings of one sequence in its generated text, byte by byte as tokens arrive, in
 * time linear in the text for each string (Knuth, Morris and Pratt). The match that ends first
 * wins; among those that end at the same byte, the one that begins first. Matches may begin and end
 * anywhere inside tokens.
 */
final class StopStrings {
  private final List<byte[]> strings;

  /** Per string and matched length: the length of the longest proper border of that prefix. */
  private final int[][] borders;

  /** Per string: how many of its first bytes the text ends with. */
  private final int[] matched;

  private int textLength;
  private int found = -1;

  StopStrings(List<byte[]> strings) {
    this.strings = strings;
    matched = new int[strings.size()];
    borders = new int[strings.size()][];
    for (int s = 0; s < borders.length; s++) {
      borders[s] = borders(strings.get(s));
    }
  }

  private static int[] borders(byte[] string) {
    int[] borders = new int[string.length + 1];
    int border = 0;
    for (int length = 2; length <= string.length; length++) {
      border = extend(string, borders, border, string[length - 1]);
      borders[length] = border;
    }
    return borders;
  }

  /** The longest prefix of the string that ends with {@code next}, given the one before it. */
  private static int extend(byte[] string, int[] borders, int matched, byte next) {
    while (matched > 0 && string[matched] != next) {
      matched = borders[matched];
    }
    return string[matched] == next ? matched + 1 : 0;
  }

  /**
   * Goes on with the text of one more token, from an offset on.
   *
   * @return whether a stop string is complete; then nothing may follow
   */
  boolean append(byte[] text, int offset) {
    assert found < 0;
    if (matched.length == 0) {
      return false;
    }
    for (int i = offset; i < text.length; i++) {
      textLength++;
      for (int s = 0; s < matched.length; s++) {
        byte[] string = strings.get(s);
        matched[s] = extend(string, borders[s], matched[s], text[i]);
        boolean complete = matched[s] == string.length;
        if (complete && (found < 0 || string.length > strings.get(found).length)) {
          found = s;
        }
      }
      if (found >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Passes over bytes that are no content: a match does not reach across them. */
  void skip(int bytes) {
    if (bytes > 0) {
      textLength += bytes;
      Arrays.fill(matched, 0);
    }
  }

  /** Goes on with the text of one more token, from an offset on, in which no match may end. */
  void pass(byte[] text, int offset) {
    for (int i = offset; i < text.length; i++) {
      textLength++;
      for (int s = 0; s < matched.length; s++) {
        byte[] string = strings.get(s);
        matched[s] = extend(string, borders[s], matched[s], text[i]);
        if (matched[s] == string.length) {
          matched[s] = borders[s][string.length];
        }
      }
    }
  }

  /** The string that was found. */
  byte[] found() {
    return strings.get(found);
  }

  /** Where it begins, in bytes of the generated text. */
  int foundOffset() {
    return textLength - found().length;
  }
}
