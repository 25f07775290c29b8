package org.trlm.engine.cache;

/**
 * Hands out the cache blocks of one engine and takes them back; the only owner of the block pool.
 * It knows block ids, not the keys and values in them. One thread, no allocation after
 * construction.
 */
public final class KvCacheManager {
  /** Positions whose keys and values one block holds. */
  public static final int BLOCK_SIZE = 16;

  private final BlockPool pool;

  /** A pool of blocks 0 to {@code numBlocks - 1}, all free. */
  public KvCacheManager(int numBlocks) {
    pool = new BlockPool(numBlocks);
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
   * Fills a whole block table with free blocks, or takes none.
   *
   * @param blockTable gets one block id per entry
   * @return whether there were enough free blocks
   */
  public boolean allocate(int[] blockTable) {
    if (blockTable.length > pool.numFree()) {
      return false;
    }
    for (int i = 0; i < blockTable.length; i++) {
      blockTable[i] = pool.take();
    }
    return true;
  }

  /**
   * Takes back every block of a table that {@link #allocate} filled.
   *
   * @throws IllegalStateException when one of them is free already
   */
  public void free(int[] blockTable) {
    for (int i = blockTable.length - 1; i >= 0; i--) {
      pool.give(blockTable[i]);
    }
  }

  /**
   * Checks that every block is either free or counted as held.
   *
   * @param numHeldBlocks blocks that the caller's sequences hold; 0 when it is idle
   * @throws IllegalStateException saying what does not add up
   */
  public void checkIntegrity(int numHeldBlocks) {
    pool.checkIntegrity();
    if (pool.numFree() + numHeldBlocks != pool.numBlocks()) {
      throw new IllegalStateException(
          "cache blocks do not add up: "
              + (pool.numFree() + " free + " + numHeldBlocks + " held, not " + pool.numBlocks()));
    }
  }
}
