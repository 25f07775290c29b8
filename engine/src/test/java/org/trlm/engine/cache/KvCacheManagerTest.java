package org.trlm.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
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
    KvCacheManager cache = cache(5);
    int[] table = new int[6];
    assertThat(cache.allocate(table, 0, 3)).isTrue();
    assertThat(cache.allocate(table, 3, 6)).isFalse();
    assertThat(cache.numFreeBlocks()).isEqualTo(2);
    assertThat(cache.allocate(table, 3, 5)).isTrue();
    assertThat(cache.allocate(new int[1], 0, 1)).isFalse();
    cache.checkIntegrity(new int[] {1, 1, 1, 1, 1});
    cache.free(table, 5);
    cache.checkIntegrity(new int[5]);
  }

  @Test
  void aBlockGivenBackTwiceIsReported() {
    KvCacheManager cache = cache(4);
    int[] table = new int[2];
    cache.allocate(table, 0, 2);
    cache.free(table, 2);
    assertThatThrownBy(() -> cache.free(table, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("given back twice");
  }

  @Test
  void aLeakIsReported() {
    KvCacheManager cache = cache(4);
    int[] table = new int[1];
    cache.allocate(table, 0, 1);
    assertThatThrownBy(() -> cache.checkIntegrity(new int[4]))
        .hasMessage("cache block " + table[0] + " counts 1 holders, not 0");
  }

  @Test
  void wholeBlocksAreSharedAndTheRestIsToBeCopied() {
    KvCacheManager cache = cache(10);
    int[] first = ramp(40);
    int[] held = run(cache, first);
    int[] second = ramp(60);
    second[37] = -1;
    int[] table = new int[4];
    assertThat(cache.find(cache.scope(1), second, 60, table)).isEqualTo(37);
    assertThat(table).startsWith(held);
    assertThat(cache.allocateAfter(table, 2, 4, 0)).isTrue();
    assertThat(Arrays.copyOf(table, 2)).isEqualTo(Arrays.copyOf(held, 2));
    assertThat(table[2]).isNotEqualTo(held[2]);
    cache.checkIntegrity(holders(10, List.of(held, table)));
    assertThat(cache.numFreeBlocks()).isEqualTo(10 - 5);
  }

  @Test
  void onlyAWholeBlockIsFoundToTheLastToken() {
    KvCacheManager cache = cache(10);
    run(cache, ramp(48));
    int[] table = new int[3];
    assertThat(cache.find(cache.scope(1), ramp(48), 48, table)).isEqualTo(48);
    // the last token's logits are needed
    assertThat(cache.find(cache.scope(1), ramp(47), 47, table)).isEqualTo(46);
    assertThat(cache.find(cache.scope(1), ramp(1), 1, table)).isZero();
    assertThat(cache.find(cache.scope(1), ramp(2), 2, table)).isEqualTo(1);
  }

  @Test
  void sharedBlocksCountOnceInThePool() {
    KvCacheManager cache = cache(6);
    int[] held = run(cache, ramp(64));
    int[] table = new int[6];
    int[] longer = ramp(96);
    assertThat(cache.find(cache.scope(1), longer, 96, table)).isEqualTo(64);
    assertThat(cache.allocateAfter(table, 4, 6, 1)).isFalse();
    assertThat(cache.allocateAfter(table, 4, 6, 0)).isTrue();
    cache.free(table, 6);
    cache.free(held, 4);
    // found blocks that nobody holds are no longer free when they are taken
    assertThat(cache.find(cache.scope(1), longer, 96, table)).isEqualTo(64);
    assertThat(cache.allocateAfter(table, 4, 6, 1)).isFalse();
    assertThat(cache.allocateAfter(table, 4, 6, 0)).isTrue();
    assertThat(cache.numFreeBlocks()).isZero();
  }

  @Test
  void theLeastRecentlyUsedBlockGoesFirstAndALeafBeforeItsParent() {
    KvCacheManager cache = cache(4);
    int[] old = run(cache, tokens(100, 32));
    int[] recent = run(cache, tokens(200, 32));
    cache.free(old, 2);
    cache.free(recent, 2);
    // used again
    int[] table = new int[2];
    assertThat(cache.find(cache.scope(1), tokens(100, 32), 32, table)).isEqualTo(32);
    assertThat(cache.allocateAfter(table, 2, 2, 0)).isTrue();
    cache.free(table, 2);
    int[] taken = new int[4];
    assertThat(cache.allocate(taken, 0, 4)).isTrue();
    assertThat(taken).containsExactly(recent[1], recent[0], old[1], old[0]);
    assertThat(cache.find(cache.scope(1), tokens(100, 32), 32, table)).isZero();
  }

  @Test
  void blocksWithoutContentGoBeforeThoseThatMayBeAskedFor() {
    KvCacheManager cache = cache(3);
    int[] known = run(cache, ramp(16));
    int[] empty = new int[2];
    cache.allocate(empty, 0, 2);
    cache.free(known, 1);
    cache.free(empty, 2);
    int[] taken = new int[3];
    cache.allocate(taken, 0, 3);
    assertThat(taken[2]).isEqualTo(known[0]);
  }

  @Test
  void equalBlocksComputedSideBySideBecomeOne() {
    KvCacheManager cache = cache(10);
    int[] one = new int[2];
    int[] other = new int[2];
    cache.allocate(one, 0, 2);
    cache.allocate(other, 0, 2);
    cache.computed(cache.scope(1), ramp(32), 0, 20, one);
    cache.computed(cache.scope(1), ramp(32), 0, 20, other);
    assertThat(other[0]).isEqualTo(one[0]);
    assertThat(other[1]).isNotEqualTo(one[1]);
    cache.checkIntegrity(holders(10, List.of(one, other)));
    cache.computed(cache.scope(1), ramp(32), 20, 32, other);
    cache.computed(cache.scope(1), ramp(32), 20, 32, one);
    assertThat(other).isEqualTo(one);
    assertThat(cache.numFreeBlocks()).isEqualTo(8);
    cache.checkIntegrity(holders(10, List.of(one, other)));
  }

  @Test
  void nothingIsFoundWithoutPrefixCaching() {
    KvCacheManager cache = new KvCacheManager(10, PrefixCaching.DISABLED);
    int[] one = run(cache, ramp(32));
    int[] other = run(cache, ramp(32));
    assertThat(one).doesNotContain(other);
    assertThat(cache.find(cache.scope(1), ramp(32), 32, new int[2])).isZero();
    cache.checkIntegrity(holders(10, List.of(one, other)));
  }

  /** What is found is compared with the tokens that were written into each block. */
  @Test
  void randomSequencesFindWhatIsThereAndNothingElse() {
    long seed = 20260211;
    Random random = new Random(seed);
    int numBlocks = 30;
    KvCacheManager cache = cache(numBlocks);
    int[][] content = new int[numBlocks][16];
    List<int[]> tables = new ArrayList<>();
    long tokensFound = 0;
    for (int i = 0; i < 4_000; i++) {
      String what = "seed " + seed + ", round " + i;
      int[] tokens = random.ints(1 + random.nextInt(100), 0, 2).toArray();
      // few different beginnings, so that prefixes recur
      Arrays.fill(tokens, 0, Math.min(tokens.length, random.nextInt(90)), random.nextInt(2));
      int numBlocksNeeded = KvCacheManager.blocksFor(tokens.length);
      int[] table = new int[numBlocksNeeded];
      int found = cache.find(cache.scope(1), tokens, tokens.length, table);
      int source = found % 16 > 0 ? table[found / 16] : -1;
      for (int t = 0; t < found; t++) {
        assertThat(content[table[t / 16]][t % 16]).as(what).isEqualTo(tokens[t]);
      }
      if (cache.allocateAfter(table, found / 16, numBlocksNeeded, 0)) {
        tokensFound += found;
        if (source >= 0) {
          content[table[found / 16]] = content[source].clone();
        }
        for (int t = found; t < tokens.length; t++) {
          content[table[t / 16]][t % 16] = tokens[t];
        }
        int middle = found + random.nextInt(tokens.length - found + 1);
        cache.computed(cache.scope(1), tokens, Math.min(found, tokens.length - 1), middle, table);
        cache.computed(cache.scope(1), tokens, middle, tokens.length, table);
        tables.add(table);
      } else {
        int[] freed = tables.remove(random.nextInt(tables.size()));
        cache.free(freed, freed.length);
      }
      cache.checkIntegrity(holders(numBlocks, tables));
    }
    assertThat(tokensFound).isGreaterThan(20_000);
  }

  private static KvCacheManager cache(int numBlocks) {
    return new KvCacheManager(numBlocks, PrefixCaching.ENABLED);
  }

  /** Takes blocks for tokens that are new, and computes them. */
  private static int[] run(KvCacheManager cache, int[] tokens) {
    int[] table = new int[KvCacheManager.blocksFor(tokens.length)];
    assertThat(cache.allocate(table, 0, table.length)).isTrue();
    cache.computed(cache.scope(1), tokens, 0, tokens.length, table);
    return table;
  }

  private static int[] ramp(int length) {
    return tokens(0, length);
  }

  private static int[] tokens(int first, int length) {
    int[] tokens = new int[length];
    Arrays.setAll(tokens, i -> first + i);
    return tokens;
  }

  private static int[] holders(int numBlocks, List<int[]> tables) {
    int[] holders = new int[numBlocks];
    for (int[] table : tables) {
      for (int block : table) {
        holders[block]++;
      }
    }
    return holders;
  }
}
