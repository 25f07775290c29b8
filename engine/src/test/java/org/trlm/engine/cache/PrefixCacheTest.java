package org.trlm.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
  private static final int NONE = PrefixCache.NONE;

  @Test
  void aBlockIsFoundByItsTokensAndTheBlockBeforeIt() {
    PrefixCache cache = new PrefixCache(8);
    int[] tokens = tokens(7);
    assertThat(cache.find(NONE, tokens, 0)).isEqualTo(NONE);
    assertThat(cache.record(5, NONE, tokens, 0, 16)).isEqualTo(5);
    assertThat(cache.record(2, 5, tokens, 0, 16)).isEqualTo(2);
    assertThat(cache.find(NONE, tokens, 0)).isEqualTo(5);
    assertThat(cache.find(5, tokens, 0)).isEqualTo(2);
    assertThat(cache.find(2, tokens, 0)).isEqualTo(NONE);
    int[] other = tokens.clone();
    other[15]++;
    assertThat(cache.find(NONE, other, 0)).isEqualTo(NONE);
    cache.checkIntegrity();
  }

  @Test
  void aBlockThatIsNotWholeIsFoundByItsFirstTokensOnly() {
    PrefixCache cache = new PrefixCache(8);
    int[] tokens = tokens(1, 2, 3, 4, 5);
    cache.record(3, NONE, tokens, 0, 2);
    assertThat(cache.findLongest(NONE, tokens, 0, 16)).isEqualTo(3);
    assertThat(cache.common(3, tokens, 0, 16)).isEqualTo(2);
    cache.record(3, NONE, tokens, 0, 5);
    cache.record(4, NONE, tokens(1, 2, 9), 0, 3);
    assertThat(cache.find(NONE, tokens, 0)).isEqualTo(NONE);
    assertThat(cache.common(3, tokens, 0, 16)).isEqualTo(5);
    assertThat(cache.common(3, tokens, 0, 4)).isEqualTo(4);
    assertThat(cache.findLongest(NONE, tokens(1, 2, 9, 9), 0, 16)).isEqualTo(4);
    assertThat(cache.findLongest(NONE, tokens(2, 2), 0, 16)).isEqualTo(NONE);
    assertThat(cache.findLongest(NONE, tokens, 0, 0)).isEqualTo(NONE);
  }

  @Test
  void whatFollowsABlockThatWasHandedOutAgainIsNotFound() {
    PrefixCache cache = new PrefixCache(8);
    int[] child = tokens(50);
    cache.record(0, NONE, tokens(1), 0, 16);
    cache.record(1, 0, child, 0, 16);
    cache.forget(0);
    assertThatThrownBy(cache::checkIntegrity).hasMessage("the block before cache block 1 is gone");
    cache.record(0, NONE, tokens(2), 0, 16);
    assertThat(cache.find(0, child, 0)).isEqualTo(NONE);
    assertThat(cache.findLongest(0, child, 0, 16)).isEqualTo(NONE);
    // nor after the same content comes back
    cache.forget(0);
    cache.record(0, NONE, tokens(1), 0, 16);
    assertThat(cache.find(0, child, 0)).isEqualTo(NONE);
  }

  @Test
  void theBlockKnownFirstStaysTheOne() {
    PrefixCache cache = new PrefixCache(8);
    int[] tokens = tokens(1);
    cache.record(6, NONE, tokens, 0, 16);
    cache.record(2, NONE, tokens, 0, 15);
    assertThat(cache.record(2, NONE, tokens, 0, 16)).isEqualTo(6);
    assertThat(cache.knows(2)).isFalse();
    assertThat(cache.record(6, NONE, tokens, 0, 16)).isEqualTo(6);
    cache.checkIntegrity();
  }

  /**
   * Against a map of strings. The table has room for few blocks, so most of them meet others on
   * their way: a find that trusted its place would give wrong blocks.
   */
  @Test
  void randomChainsAreFoundAsInAMap() {
    long seed = 20260212;
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      int numBlocks = 1 + random.nextInt(64);
      PrefixCache cache = new PrefixCache(numBlocks);
      Map<String, Integer> expected = new HashMap<>();
      String[] prefixes = new String[numBlocks];
      for (int i = 0; i < 1_000; i++) {
        int parent = random.nextInt(numBlocks + 1) - 1;
        String before = parent == NONE ? "" : prefixes[parent];
        if (before == null) {
          continue;
        }
        int[] tokens = tokens(random.nextInt(4));
        String prefix = before + Arrays.toString(tokens);
        int found = cache.find(parent, tokens, 0);
        assertThat(found).as("seed %s", seed).isEqualTo(expected.getOrDefault(prefix, NONE));
        int block = random.nextInt(numBlocks);
        if (prefixes[block] == null) {
          if (cache.record(block, parent, tokens, 0, 16) == block) {
            prefixes[block] = prefix;
            expected.put(prefix, block);
          }
        } else if (random.nextInt(3) == 0) {
          forgetWithAllAfterIt(cache, prefixes, expected, prefixes[block]);
        }
        cache.checkIntegrity();
      }
    }
  }

  private static void forgetWithAllAfterIt(
      PrefixCache cache, String[] prefixes, Map<String, Integer> expected, String prefix) {
    List<String> gone = new ArrayList<>(expected.keySet());
    gone.removeIf(other -> !other.startsWith(prefix));
    for (String other : gone) {
      int block = expected.remove(other);
      prefixes[block] = null;
      cache.forget(block);
    }
  }

  /** 16 tokens that begin with those given. */
  private static int[] tokens(int... first) {
    return Arrays.copyOf(first, 16);
  }
}
