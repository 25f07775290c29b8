package org.trlm.engine.weights;

import java.nio.charset.CharacterCodingException;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * A GGUF array of strings, left in the file's bytes: only where each begins is kept, because a
 * million short strings as objects would take many times the file's size.
 */
final class GgufStrings extends AbstractList<String> implements RandomAccess {
  private final CheckpointBytes bytes;
  private final String what;

  /** Offset of each string's length field. */
  private final long[] offsets;

  private GgufStrings(CheckpointBytes bytes, String what, long[] offsets) {
    this.bytes = bytes;
    this.what = what;
    this.offsets = offsets;
  }

  /** Walks over {@code count} strings and checks that each lies in the file. */
  static GgufStrings read(CheckpointBytes bytes, GgufReader reader, int count, String what) {
    long[] offsets = new long[count];
    for (int i = 0; i < count; i++) {
      offsets[i] = reader.at();
      long length = reader.int64(what);
      if (length > Integer.MAX_VALUE - 8) {
        throw reader.bad(
            what + " holds a string of " + length + " bytes at " + i + "; allowed: below 2^31");
      }
      reader.advance(length, what);
    }
    return new GgufStrings(bytes, what, offsets);
  }

  @Override
  public String get(int index) {
    Objects.checkIndex(index, offsets.length);
    int length = (int) bytes.longAt(offsets[index]);
    try {
      return length == 0 ? "" : bytes.text(offsets[index] + 8, length);
    } catch (CharacterCodingException e) {
      throw new WeightFormatException(
          bytes.name() + ": " + what + " is not UTF-8 text at " + index + "." + GgufReader.MEND, e);
    }
  }

  @Override
  public int size() {
    return offsets.length;
  }
}
