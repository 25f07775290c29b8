package org.trlm.engine.constraint;

import java.util.Arrays;

/** Tokens that may come next. Immutable, shared by all sequences in the same state. */
final class TokenSet {
  private final int count;

  /** Where few: their ids, ascending. */
  private final int[] ids;

  /** Where many: a bit for each token of the vocabulary. */
  private final long[] bits;

  /**
   * @param bits a bit for each token; kept if that is the smaller form
   */
  TokenSet(long[] bits, int count) {
    this.count = count;
    if (count > bits.length) {
      this.bits = bits.clone();
      ids = null;
    } else {
      this.bits = null;
      ids = ids(bits, count);
    }
  }

  private static int[] ids(long[] bits, int count) {
    int[] ids = new int[count];
    int found = 0;
    for (int word = 0; word < bits.length; word++) {
      for (long left = bits[word]; left != 0; left &= left - 1) {
        ids[found++] = (word << 6) + Long.numberOfTrailingZeros(left);
      }
    }
    return ids;
  }

  int count() {
    return count;
  }

  /** The only token; the set has one. */
  int single() {
    assert count == 1;
    if (ids != null) {
      return ids[0];
    }
    int word = 0;
    while (bits[word] == 0) {
      word++;
    }
    return (word << 6) + Long.numberOfTrailingZeros(bits[word]);
  }

  boolean contains(int token) {
    if (ids != null) {
      return Arrays.binarySearch(ids, token) >= 0;
    }
    return token >> 6 < bits.length && (bits[token >> 6] >>> token & 1) != 0;
  }

  long sizeInBytes() {
    return 64 + (ids != null ? 4L * ids.length : 8L * bits.length);
  }

  /** Rules all other tokens out: negative infinity. */
  void keepOnly(float[] logits) {
    if (ids != null) {
      int from = 0;
      for (int id : ids) {
        Arrays.fill(logits, from, id, Float.NEGATIVE_INFINITY);
        from = id + 1;
      }
      Arrays.fill(logits, from, logits.length, Float.NEGATIVE_INFINITY);
      return;
    }
    int known = Math.min(logits.length, bits.length << 6);
    for (int first = 0; first < known; first += 64) {
      int count = Math.min(64, known - first);
      long others = ~bits[first >> 6] & (-1L >>> (64 - count));
      for (; others != 0; others &= others - 1) {
        logits[first + Long.numberOfTrailingZeros(others)] = Float.NEGATIVE_INFINITY;
      }
    }
    Arrays.fill(logits, known, logits.length, Float.NEGATIVE_INFINITY);
  }
}
