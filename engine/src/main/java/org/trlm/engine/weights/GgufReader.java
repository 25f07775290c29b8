package org.trlm.engine.weights;

import java.nio.charset.CharacterCodingException;

/**
 * Walks through a GGUF file's header. Every read is checked against the bytes that are left, and
 * the text that is decoded is bounded as a whole. One use, one thread.
 */
final class GgufReader {
  static final String MEND = " Download or convert the model again.";

  /**
   * Bytes of all keys, names and single strings together; vocabularies are arrays and not decoded.
   */
  private static final int MAX_TEXT_BYTES = 16 << 20;

  private final CheckpointBytes bytes;
  private long at;
  private long textBytes;

  GgufReader(CheckpointBytes bytes) {
    this.bytes = bytes;
  }

  long at() {
    return at;
  }

  long left() {
    return bytes.length() - at;
  }

  int int8(String what) {
    return bytes.byteAt(advance(1, what));
  }

  int int16(String what) {
    long from = advance(2, what);
    return bytes.byteAt(from) & 0xff | bytes.byteAt(from + 1) << 8;
  }

  int int32(String what) {
    return bytes.intAt(advance(4, what));
  }

  long int64(String what) {
    return bytes.longAt(advance(8, what));
  }

  /** Moves on by {@code count} bytes and gives where they begin. */
  long advance(long count, String what) {
    if (count < 0 || count > left()) {
      throw bad(
          what
              + " needs "
              + Long.toUnsignedString(count)
              + " bytes at offset "
              + at
              + " but only "
              + left()
              + " are left: the file is truncated or damaged");
    }
    long from = at;
    at += count;
    return from;
  }

  /** A key, a name or a string value: length, then UTF-8. */
  String text(String what, int mostBytes) {
    long count = int64(what);
    if (count > mostBytes) {
      throw bad(what + " has " + count + " bytes; allowed: at most " + mostBytes);
    }
    long from = advance(count, what);
    textBytes += count;
    if (textBytes > MAX_TEXT_BYTES) {
      throw bad("the metadata holds more than " + MAX_TEXT_BYTES + " bytes of text");
    }
    try {
      return count == 0 ? "" : bytes.text(from, (int) count);
    } catch (CharacterCodingException e) {
      throw bad(what + " is not UTF-8 text");
    }
  }

  /** A string value of any length that the bound on all text allows. */
  String text(String what) {
    return text(what, MAX_TEXT_BYTES);
  }

  WeightFormatException bad(String problem) {
    return new WeightFormatException(bytes.name() + ": " + problem + "." + MEND);
  }
}
