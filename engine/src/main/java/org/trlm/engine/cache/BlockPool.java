package org.trlm.engine.cache;

/**
 * The ids of all cache blocks, how many sequences hold each, and the order in which those that
 * nobody holds are handed out again. One thread, no allocation after construction.
 */
final class BlockPool {
  private final int[] holders;

  /** The free blocks as a ring in both directions; the entry after the last block is its anchor. */
  private final int[] next;

  private final int[] previous;
  private final int anchor;
  private int numFree;

  BlockPool(int numBlocks) {
    holders = new int[numBlocks];
    next = new int[numBlocks + 1];
    previous = new int[numBlocks + 1];
    anchor = numBlocks;
    next[anchor] = anchor;
    previous[anchor] = anchor;
    for (int block = 0; block < numBlocks; block++) {
      queueLast(block);
    }
  }

  int numBlocks() {
    return holders.length;
  }

  int numFree() {
    return numFree;
  }

  int holders(int block) {
    return holders[block];
  }

  /** The block whose turn it is, with one holder; the caller has made sure that there is one. */
  int take() {
    int block = next[anchor];
    share(block);
    return block;
  }

  /** One more holder of a block, which may have been free. */
  void share(int block) {
    if (holders[block]++ == 0) {
      next[previous[block]] = next[block];
      previous[next[block]] = previous[block];
      numFree--;
    }
  }

  /**
   * One holder less.
   *
   * @return whether nobody holds the block now; then it has to be queued
   * @throws IllegalStateException when nobody did
   */
  boolean release(int block) {
    if (holders[block] == 0) {
      throw new IllegalStateException("cache block " + block + " was given back twice");
    }
    return --holders[block] == 0;
  }

  /** A block without content worth keeping: the next to be handed out, as its memory is warm. */
  void queueFirst(int block) {
    link(anchor, block, next[anchor]);
  }

  /** A block that may be asked for again: handed out after all others that are free. */
  void queueLast(int block) {
    link(previous[anchor], block, anchor);
  }

  private void link(int before, int block, int after) {
    next[before] = block;
    previous[block] = before;
    next[block] = after;
    previous[after] = block;
    numFree++;
  }

  /**
   * Checks that every block is either held as often as expected or free, and listed once.
   *
   * @param expectedHolders by block
   * @throws IllegalStateException saying what does not add up
   */
  void checkIntegrity(int[] expectedHolders) {
    int held = 0;
    for (int block = 0; block < holders.length; block++) {
      if (holders[block] != expectedHolders[block]) {
        throw new IllegalStateException(
            "cache block "
                + block
                + " counts "
                + holders[block]
                + " holders, not "
                + expectedHolders[block]);
      }
      held += holders[block] > 0 ? 1 : 0;
    }
    int listed = 0;
    for (int block = next[anchor]; block != anchor; block = next[block]) {
      if (holders[block] > 0 || previous[next[block]] != block || listed++ > holders.length) {
        throw new IllegalStateException("cache block " + block + " is wrongly listed as free");
      }
    }
    if (listed != numFree || numFree + held != holders.length) {
      throw new IllegalStateException(
          "cache blocks do not add up: "
              + (numFree + " free (" + listed + " listed) + " + held)
              + (" held, not " + holders.length));
    }
  }
}
