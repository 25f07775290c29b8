package org.trlm.engine.cache;

import org.trlm.engine.kernel.Kernels;

/**
 * Hands out the cache blocks of one engine and takes them back; the only owner of the block pool.
 * It knows block ids and which tokens they stand for, not the keys and values in them. Blocks that
 * nobody holds any more stay findable until they are handed out again, the least recently used one
 * first. One thread, no allocation after construction.
 *
 * <p>The blocks of a sequence are given back last to first, so a block is never handed out before
 * those that continue it.
 */
public final class KvCacheManager {
  /** Positions whose keys and values one block holds. */
  public static final int BLOCK_SIZE = Kernels.BLOCK_TOKENS;

  /** The scope of a sequence whose blocks nobody else finds. */
  private static final int PRIVATE = Integer.MIN_VALUE;

  private final BlockPool pool;
  private final PrefixCache prefixes;
  private final PrefixCaching prefixCaching;

  /** Scopes are numbers below {@link PrefixCache#NONE}, the scope that everybody shares. */
  private int lastScope = PrefixCache.NONE;

  /** A pool of blocks 0 to {@code numBlocks - 1}, all free. */
  public KvCacheManager(int numBlocks, PrefixCaching prefixCaching) {
    pool = new BlockPool(numBlocks);
    prefixes = new PrefixCache(numBlocks);
    this.prefixCaching = prefixCaching;
  }

  /** Blocks that hold {@code numTokens} positions. */
  public static int blocksFor(int numTokens) {
    return (int) (((long) numTokens + BLOCK_SIZE - 1) / BLOCK_SIZE);
  }

  /** All blocks, free or not. */
  public int numBlocks() {
    return pool.numBlocks();
  }

  /** Blocks that no sequence holds. */
  public int numFreeBlocks() {
    return pool.numFree();
  }

  /**
   * Among whom the blocks of the samples of one prompt are shared: everybody, or without prefix
   * caching the samples alone.
   */
  public int scope(int numSamples) {
    if (prefixCaching == PrefixCaching.ENABLED) {
      return PrefixCache.NONE;
    }
    return numSamples > 1 ? --lastScope : PRIVATE;
  }

  /** Whether a sequence of that scope can find what another one has computed. */
  public static boolean isShared(int scope) {
    return scope != PRIVATE;
  }

  /**
   * Looks up how many first tokens of a sequence the cache holds. Nothing is taken by it; what was
   * found is there until the next block is handed out.
   *
   * @param scope of the sequence, of {@link #scope}
   * @param numTokens how many tokens the sequence has
   * @param blockTable gets the whole blocks found and, when the tokens found end inside a block, as
   *     its next entry the block that has the rest: a copy of it is needed to go on
   * @return the tokens found; all of them only if they fill their blocks, else at least one less
   */
  public int find(int scope, int[] tokenIds, int numTokens, int[] blockTable) {
    if (!isShared(scope)) {
      return 0;
    }
    int parent = scope;
    int found = 0;
    while (found + BLOCK_SIZE <= numTokens) {
      int block = prefixes.find(parent, tokenIds, found);
      if (block == PrefixCache.NONE) {
        break;
      }
      blockTable[found / BLOCK_SIZE] = block;
      parent = block;
      found += BLOCK_SIZE;
    }
    int limit = Math.min(BLOCK_SIZE, numTokens - 1 - found);
    int partial = prefixes.findLongest(parent, tokenIds, found, limit);
    if (partial != PrefixCache.NONE) {
      blockTable[found / BLOCK_SIZE] = partial;
      found += prefixes.common(partial, tokenIds, found, limit);
    }
    return found;
  }

  /**
   * Takes the blocks for a sequence that starts, or none.
   *
   * @param blockTable begins with {@code numFound} blocks that {@link #find} has put there; gets
   *     the others
   * @param numBlocks blocks that the sequence needs
   * @param numSpare blocks that have to stay free for others
   * @return whether there were enough free blocks
   */
  public boolean allocateAfter(int[] blockTable, int numFound, int numBlocks, int numSpare) {
    int needed = numBlocks - numFound + numSpare;
    for (int i = 0; i < numFound; i++) {
      needed += pool.holders(blockTable[i]) == 0 ? 1 : 0;
    }
    if (needed > pool.numFree()) {
      return false;
    }
    for (int i = 0; i < numFound; i++) {
      pool.share(blockTable[i]);
    }
    return allocate(blockTable, numFound, numBlocks);
  }

  /**
   * Fills the entries {@code begin} to {@code end - 1} of a block table with free blocks, or takes
   * none.
   *
   * @return whether there were enough free blocks
   */
  public boolean allocate(int[] blockTable, int begin, int end) {
    if (end - begin > pool.numFree()) {
      return false;
    }
    for (int i = begin; i < end; i++) {
      blockTable[i] = pool.take();
      prefixes.forget(blockTable[i]);
    }
    return true;
  }

  /**
   * The keys and values of tokens {@code begin} to {@code end - 1} of a sequence are in its blocks:
   * others of its scope can find them from now on. A block that became whole and equals one that is
   * known already is given back, and its entry becomes the known one.
   */
  public void computed(int scope, int[] tokenIds, int begin, int end, int[] blockTable) {
    if (!isShared(scope)) {
      return;
    }
    for (int i = begin / BLOCK_SIZE; i * BLOCK_SIZE < end; i++) {
      int own = blockTable[i];
      int parent = i == 0 ? scope : blockTable[i - 1];
      int count = Math.min(BLOCK_SIZE, end - i * BLOCK_SIZE);
      int known = prefixes.record(own, parent, tokenIds, i * BLOCK_SIZE, count);
      if (known != own) {
        pool.share(known);
        free(own);
        blockTable[i] = known;
      }
    }
  }

  /**
   * Takes back the first {@code numBlocks} blocks of a table.
   *
   * @throws IllegalStateException when one of them is free already
   */
  public void free(int[] blockTable, int numBlocks) {
    for (int i = numBlocks - 1; i >= 0; i--) {
      free(blockTable[i]);
    }
  }

  private void free(int block) {
    if (pool.release(block)) {
      if (prefixes.knows(block)) {
        pool.queueLast(block);
      } else {
        pool.queueFirst(block);
      }
    }
  }

  /**
   * Checks that every block is free or held by as many sequences as it counts, and that what is
   * known of the blocks fits together.
   *
   * @param holders by block, how many of the caller's sequences hold it; all 0 when it is idle
   * @throws IllegalStateException saying what does not add up
   */
  public void checkIntegrity(int[] holders) {
    pool.checkIntegrity(holders);
    prefixes.checkIntegrity();
  }
}
