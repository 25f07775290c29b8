package org.trlm.engine.cache;

/**
 * The ids of all cache blocks and which of them are free. The block given back last is handed out
 * first: its memory is the likeliest to be in the processor's cache. One thread.
 */
final class BlockPool {
  private final int[] freeBlocks;
  private final boolean[] isFree;
  private int numFree;

  BlockPool(int numBlocks) {
    freeBlocks = new int[numBlocks];
    isFree = new boolean[numBlocks];
    for (int block = numBlocks - 1; block >= 0; block--) {
      give(block);
    }
  }

  int numBlocks() {
    return isFree.length;
  }

  int numFree() {
    return numFree;
  }

  /** A block that was free; the caller has made sure that there is one. */
  int take() {
    int block = freeBlocks[--numFree];
    isFree[block] = false;
    return block;
  }

  /**
   * @throws IllegalStateException when the block is free already
   */
  void give(int block) {
    if (isFree[block]) {
      throw new IllegalStateException("cache block " + block + " was given back twice");
    }
    isFree[block] = true;
    freeBlocks[numFree++] = block;
  }

  /**
   * @throws IllegalStateException when the list of free blocks and the flags disagree
   */
  void checkIntegrity() {
    int flagged = 0;
    for (boolean free : isFree) {
      flagged += free ? 1 : 0;
    }
    if (flagged != numFree) {
      throw new IllegalStateException(flagged + " blocks are marked free, " + numFree + " listed");
    }
    for (int i = 0; i < numFree; i++) {
      if (!isFree[freeBlocks[i]]) {
        throw new IllegalStateException("block " + freeBlocks[i] + " is listed free and in use");
      }
    }
  }
}
