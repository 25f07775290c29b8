package org.trlm.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RandomStreamTest {

  @Test
  void numbersAreThoseOfSplitMix64() {
    for (long key : new long[] {0, 1, -1, 42, Long.MIN_VALUE, 0x123456789ABCDEFL}) {
      SplittableRandom oracle = new SplittableRandom(key);
      for (int position = 0; position < 100; position++) {
        double expected = (oracle.nextLong() >>> 11) / (double) (1L << 53);
        assertThat(RandomStream.uniform(key, position)).isEqualTo(expected);
      }
    }
  }

  /** Known answers, so that no release changes the samples of a job: computed apart, in Python. */
  @Test
  void keysAreTheKnownOnes() {
    assertThat(key(0, "", 0)).isEqualTo(0x238275BC38FCBE91L);
    assertThat(key(7, "row-1", 0)).isEqualTo(0x15A03C934FEA94F3L);
    assertThat(key(7, "row-1", 1)).isEqualTo(0x0B02D394F27CC3E0L);
    assertThat(key(-1, "a key of more than eight bytes, é", 3)).isEqualTo(0x979D994EA80D05C6L);
  }

  @Test
  void everyPartOfTheKeyCounts() {
    Set<Long> keys = new HashSet<>();
    String[] rows = {"", "\0", "\0\0", "a", "a\0", "b", "12345678", "123456789", "12345678\0"};
    for (String row : rows) {
      for (long seed = -2; seed <= 2; seed++) {
        for (int sample = 0; sample < 4; sample++) {
          keys.add(key(seed, row, sample));
        }
      }
    }
    assertThat(keys).hasSize(rows.length * 5 * 4);
  }

  @Test
  void numbersOfNeighbouringRowsAndPositionsAreEvenlySpread() {
    int[] byRow = new int[64];
    int[] byPosition = new int[64];
    for (int i = 0; i < 64_000; i++) {
      byRow[(int) (RandomStream.uniform(key(0, "row " + i, 0), 0) * 64)]++;
      byPosition[(int) (RandomStream.uniform(key(0, "row", 0), i) * 64)]++;
    }
    // 63 degrees of freedom: 103.4 is exceeded by chance once in a thousand seeds
    assertThat(chiSquare(byRow, 1000)).isBetween(30.0, 103.4);
    assertThat(chiSquare(byPosition, 1000)).isBetween(30.0, 103.4);
  }

  private static double chiSquare(int[] observed, double expected) {
    double sum = 0;
    for (int count : observed) {
      sum += (count - expected) * (count - expected) / expected;
    }
    return sum;
  }

  private static long key(long seed, String row, int sample) {
    return RandomStream.key(seed, row.getBytes(StandardCharsets.UTF_8), sample);
  }
}
