package org.trlm.tokenizer;

import java.util.Arrays;

/** UTF-8 from and to code points, with the reference's treatment of what is not well formed. */
final class Utf8 {

  static final char REPLACEMENT = '\uFFFD';

  private Utf8() {}

  /** The code points of a text; a surrogate without its other half becomes U+FFFD. */
  static int[] codePoints(String text) {
    int[] codePoints = new int[text.length()];
    int count = 0;
    for (int i = 0; i < text.length(); count++) {
      int codePoint = text.codePointAt(i);
      i += Character.charCount(codePoint);
      boolean lone = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
      codePoints[count] = lone ? REPLACEMENT : codePoint;
    }
    return count == codePoints.length ? codePoints : Arrays.copyOf(codePoints, count);
  }

  /** Writes code points as UTF-8 and returns the length; the array holds 4 bytes for each. */
  static int encode(int[] text, int start, int end, byte[] into) {
    int at = 0;
    for (int i = start; i < end; i++) {
      at = put(text[i], into, at);
    }
    return at;
  }

  /** Writes one code point, a surrogate alone included, and returns the place after it. */
  static int put(int codePoint, byte[] into, int start) {
    int at = start;
    if (codePoint < 0x80) {
      into[at++] = (byte) codePoint;
    } else if (codePoint < 0x800) {
      into[at++] = (byte) (0xC0 | codePoint >> 6);
      into[at++] = (byte) (0x80 | codePoint & 0x3F);
    } else if (codePoint < 0x10000) {
      into[at++] = (byte) (0xE0 | codePoint >> 12);
      into[at++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
      into[at++] = (byte) (0x80 | codePoint & 0x3F);
    } else {
      into[at++] = (byte) (0xF0 | codePoint >> 18);
      into[at++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
      into[at++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
      into[at++] = (byte) (0x80 | codePoint & 0x3F);
    }
    return at;
  }

  /**
   * Decodes bytes as they come. Each longest start of a character that cannot go on becomes one
   * U+FFFD (Unicode's recommended practice, which Rust follows; the JDK's decoder takes three bytes
   * of a surrogate for one error). Not thread-safe.
   */
  static final class Decoder {
    private int codePoint;
    private int missing;
    private int lowest = 0x80;
    private int highest = 0xBF;

    void decode(byte[] bytes, int start, int end, StringBuilder into) {
      for (int i = start; i < end; i++) {
        accept(bytes[i] & 0xFF, into);
      }
    }

    /** Ends the text: a character that is not complete becomes U+FFFD. */
    void finish(StringBuilder into) {
      if (missing > 0) {
        into.append(REPLACEMENT);
      }
      expect(0, 0);
    }

    private void accept(int value, StringBuilder into) {
      if (missing > 0) {
        if (value >= lowest && value <= highest) {
          codePoint = codePoint << 6 | value & 0x3F;
          lowest = 0x80;
          highest = 0xBF;
          if (--missing == 0) {
            into.appendCodePoint(codePoint);
          }
          return;
        }
        into.append(REPLACEMENT);
        expect(0, 0);
      }
      if (value < 0x80) {
        into.append((char) value);
      } else if (value >= 0xC2 && value <= 0xDF) {
        expect(1, value & 0x1F);
      } else if (value >= 0xE0 && value <= 0xEF) {
        expect(2, value & 0x0F);
        lowest = value == 0xE0 ? 0xA0 : 0x80;
        highest = value == 0xED ? 0x9F : 0xBF;
      } else if (value >= 0xF0 && value <= 0xF4) {
        expect(3, value & 0x07);
        lowest = value == 0xF0 ? 0x90 : 0x80;
        highest = value == 0xF4 ? 0x8F : 0xBF;
      } else {
        into.append(REPLACEMENT);
      }
    }

    private void expect(int more, int start) {
      missing = more;
      codePoint = start;
      lowest = 0x80;
      highest = 0xBF;
    }
  }
}
