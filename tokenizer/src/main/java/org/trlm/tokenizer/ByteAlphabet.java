package org.trlm.tokenizer;

import java.util.Arrays;

/**
 * The 256 printable characters in which byte-level vocabularies spell bytes (GPT-2's {@code
 * bytes_to_unicode}): a printable Latin-1 byte stands for itself, the others follow from U+0100.
 */
final class ByteAlphabet {

  private static final char[] CHARACTER = new char[256];
  private static final short[] BYTE = new short[512];

  static {
    Arrays.fill(BYTE, (short) -1);
    char next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value >= '!' && value <= '~')
              || (value >= 0xA1 && value <= 0xAC)
              || (value >= 0xAE && value <= 0xFF);
      CHARACTER[value] = printable ? (char) value : next++;
      BYTE[CHARACTER[value]] = (short) value;
    }
  }

  private ByteAlphabet() {}

  /** The character that spells a byte (0 to 255). */
  static char character(int value) {
    return CHARACTER[value];
  }

  /** The byte (0 to 255) that a character spells, or −1. */
  static int byteOf(char character) {
    return character < BYTE.length ? BYTE[character] : -1;
  }
}
