package org.trlm.engine.sample;

/**
 * Random numbers that belong to a row: a function of its key and a position, without state. Nothing
 * that happens to other rows, and no order of evaluation, can change them; a longer answer goes on
 * with the same numbers.
 *
 * <p>The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014) with Stafford's mix 13: the number at a position is the one that {@code
 * java.util.SplittableRandom} seeded with the key returns there.
 */
public final class RandomStream {
  /** 2^64 divided by the golden ratio, odd: SplitMix64's step. */
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private RandomStream() {}

  /**
   * The key of one sample of one row.
   *
   * @param seed the job's or the row's seed
   * @param rowKey what identifies the row; every byte counts
   * @param sampleIndex which of the row's samples, from 0
   */
  public static long key(long seed, byte[] rowKey, int sampleIndex) {
    long key = absorb(0, seed);
    for (int begin = 0; begin < rowKey.length; begin += Long.BYTES) {
      long word = 0;
      for (int i = begin; i < Math.min(begin + Long.BYTES, rowKey.length); i++) {
        word |= (rowKey[i] & 0xffL) << (8 * (i - begin));
      }
      key = absorb(key, word);
    }
    return absorb(absorb(key, rowKey.length), sampleIndex);
  }

  /**
   * A number evenly distributed over [0, 1), in steps of 2^-53.
   *
   * @param position which number of the stream, from 0: the index of the generated token
   */
  public static double uniform(long key, long position) {
    return (mix(key + (position + 1) * GOLDEN_GAMMA) >>> 11) * 0x1p-53;
  }

  private static long absorb(long key, long word) {
    return mix((key ^ word) + GOLDEN_GAMMA);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
