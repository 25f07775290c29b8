package org.trlm.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KvCacheManagerTest {

  @Test
  void blocksForRoundsUp() {
    assertThat(KvCacheManager.blocksFor(1)).isEqualTo(1);
    assertThat(KvCacheManager.blocksFor(16)).isEqualTo(1);
    assertThat(KvCacheManager.blocksFor(17)).isEqualTo(2);
    assertThat(KvCacheManager.blocksFor(Integer.MAX_VALUE)).isEqualTo(1 << 27);
  }

  @Test
  void allocatesAllOrNothing() {
    KvCacheManager cache = new KvCacheManager(5);
    int[] three = new int[3];
    int[] two = new int[2];
    assertThat(cache.allocate(three)).isTrue();
    assertThat(cache.allocate(new int[3])).isFalse();
    assertThat(cache.numFreeBlocks()).isEqualTo(2);
    assertThat(cache.allocate(two)).isTrue();
    assertThat(cache.allocate(new int[1])).isFalse();
    cache.checkIntegrity(5);
    cache.free(three);
    cache.free(two);
    cache.checkIntegrity(0);
  }

  @Test
  void aBlockGivenBackTwiceIsReported() {
    KvCacheManager cache = new KvCacheManager(4);
    int[] table = new int[2];
    cache.allocate(table);
    cache.free(table);
    assertThatThrownBy(() -> cache.free(table))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("given back twice");
  }

  @Test
  void aLeakIsReported() {
    KvCacheManager cache = new KvCacheManager(4);
    cache.allocate(new int[1]);
    assertThatThrownBy(() -> cache.checkIntegrity(0))
        .hasMessage("cache blocks do not add up: 3 free + 0 held, not 4");
  }

  @Test
  void noBlockHasTwoHolders() {
    long seed = 20260102;
    Random random = new Random(seed);
    KvCacheManager cache = new KvCacheManager(50);
    ArrayDeque<int[]> tables = new ArrayDeque<>();
    Set<Integer> held = new HashSet<>();
    for (int i = 0; i < 5_000; i++) {
      int[] table = new int[1 + random.nextInt(9)];
      if (random.nextBoolean() && cache.allocate(table)) {
        tables.add(table);
        for (int block : table) {
          assertThat(block).isBetween(0, 49);
          assertThat(held.add(block)).as("seed %s, block %s", seed, block).isTrue();
        }
      } else if (!tables.isEmpty()) {
        int[] freed = random.nextBoolean() ? tables.pollFirst() : tables.pollLast();
        cache.free(freed);
        for (int block : freed) {
          held.remove(block);
        }
      }
      cache.checkIntegrity(held.size());
    }
  }
}
