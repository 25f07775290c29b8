package org.trlm.engine.cache;

import java.util.Arrays;

/**
 * Which tokens each cache block stands for, and the block for given ones. A block is known by the
 * block before it (none for the first of a sequence) and by its own tokens, so that a chain of
 * blocks stands for a whole prefix. Blocks are known as soon as their first token is computed;
 * whole ones are found by hash, others by the tokens they have in common with what is asked for.
 *
 * <p>A hash only says where to look: the block before and all tokens are compared, so there is no
 * collision to fear. Each content has a name of its own, a number never used again; the block
 * before is compared by name, and a block that has been handed out again is not taken for what it
 * was.
 *
 * <p>Prefixes can be kept apart: in place of the block before a first one stands {@link #NONE}, or
 * another negative number for a scope of its own. One thread, no allocation after construction.
 */
final class PrefixCache {
  /** In place of a block before the first one, and of a block that is not there. */
  static final int NONE = -1;

  private static final int BLOCK_SIZE = KvCacheManager.BLOCK_SIZE;
  private static final long FIRST = 0;
  private static final long UNKNOWN = -1;

  /** By block: the name of its content, and the name of the content before it. */
  private final long[] names;

  private final long[] parents;

  /** {@code [numBlocks][16]}; the first {@code numTokens} of each are valid. */
  private final int[] tokens;

  private final int[] numTokens;

  /** Whole blocks in open addressing with linear steps; {@link #NONE} where there is none. */
  private final int[] slots;

  private final int[] hashes;
  private long lastName = FIRST;

  PrefixCache(int numBlocks) {
    names = new long[numBlocks];
    parents = new long[numBlocks];
    Arrays.fill(parents, UNKNOWN);
    tokens = new int[numBlocks * BLOCK_SIZE];
    numTokens = new int[numBlocks];
    hashes = new int[numBlocks];
    slots = new int[Integer.highestOneBit(numBlocks) * 4];
    Arrays.fill(slots, NONE);
  }

  /** Whether something is known to be in a block. */
  boolean knows(int block) {
    return numTokens[block] > 0;
  }

  /** The whole block for 16 tokens from {@code at}, after the block {@code parent}, or NONE. */
  int find(int parent, int[] tokenIds, int at) {
    long parentName = name(parent);
    int slot = hash(parentName, tokenIds, at) & (slots.length - 1);
    while (slots[slot] != NONE) {
      int block = slots[slot];
      if (parents[block] == parentName && common(block, tokenIds, at, BLOCK_SIZE) == BLOCK_SIZE) {
        return block;
      }
      slot = (slot + 1) & (slots.length - 1);
    }
    return NONE;
  }

  /**
   * The block after {@code parent} that has the most first tokens in common with those from {@code
   * at}, or NONE when none has any. It looks at every block, once for each sequence that starts.
   *
   * @param limit at most so many tokens matter
   */
  int findLongest(int parent, int[] tokenIds, int at, int limit) {
    long parentName = name(parent);
    int longest = NONE;
    int most = 0;
    for (int block = 0; block < parents.length && most < limit; block++) {
      if (parents[block] == parentName) {
        int common = common(block, tokenIds, at, limit);
        if (common > most) {
          longest = block;
          most = common;
        }
      }
    }
    return longest;
  }

  /** How many of the tokens from {@code at} a block begins with, at most {@code limit}. */
  int common(int block, int[] tokenIds, int at, int limit) {
    int length = Math.min(limit, numTokens[block]);
    int from = block * BLOCK_SIZE;
    int mismatch = Arrays.mismatch(tokens, from, from + length, tokenIds, at, at + length);
    return mismatch < 0 ? length : mismatch;
  }

  /**
   * Notes the tokens of a block whose keys and values are computed.
   *
   * @param parent the block before it, known and whole; {@link #NONE} or the scope for a sequence's
   *     first block
   * @param count tokens from {@code at} that the block holds now, no less than before
   * @return the block to use for them from now on: another one if it is known for the same 16
   *     tokens after the same parent; then this one is forgotten
   */
  int record(int block, int parent, int[] tokenIds, int at, int count) {
    int before = numTokens[block];
    if (before == BLOCK_SIZE) {
      return block;
    }
    int same = count == BLOCK_SIZE ? find(parent, tokenIds, at) : NONE;
    if (same != NONE) {
      forget(block);
      return same;
    }
    if (before == 0) {
      names[block] = ++lastName;
      parents[block] = name(parent);
    }
    int from = block * BLOCK_SIZE;
    System.arraycopy(tokenIds, at + before, tokens, from + before, count - before);
    numTokens[block] = count;
    if (count == BLOCK_SIZE) {
      hashes[block] = hash(parents[block], tokens, from);
      slots[emptySlot(hashes[block])] = block;
    }
    return block;
  }

  /** The content of a block is about to be overwritten. */
  void forget(int block) {
    if (numTokens[block] == BLOCK_SIZE) {
      clearSlot(slotOf(block));
    }
    numTokens[block] = 0;
    parents[block] = UNKNOWN;
  }

  private long name(int block) {
    if (block < 0) {
      return block == NONE ? FIRST : block;
    }
    assert numTokens[block] == BLOCK_SIZE;
    return names[block];
  }

  private static int hash(long parentName, int[] tokenIds, int at) {
    long hash = parentName;
    for (int i = at; i < at + BLOCK_SIZE; i++) {
      hash = (hash ^ tokenIds[i]) * 0x9e3779b97f4a7c15L;
      hash ^= hash >>> 32;
    }
    return (int) hash;
  }

  private int emptySlot(int hash) {
    int slot = hash & (slots.length - 1);
    while (slots[slot] != NONE) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private int slotOf(int block) {
    int slot = hashes[block] & (slots.length - 1);
    while (slots[slot] != block) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  /** Empties a slot and moves those after it up that could not be found beyond the gap. */
  private void clearSlot(int gap) {
    slots[gap] = NONE;
    int slot = (gap + 1) & (slots.length - 1);
    while (slots[slot] != NONE) {
      int block = slots[slot];
      slots[slot] = NONE;
      slots[emptySlot(hashes[block])] = block;
      slot = (slot + 1) & (slots.length - 1);
    }
  }

  /**
   * Checks that every whole block is found, and that the block before each is still known: it was
   * in use for as long, so it is never handed out earlier.
   *
   * @throws IllegalStateException naming the block
   */
  void checkIntegrity() {
    long[] whole = new long[names.length + 1];
    int numWhole = 1;
    for (int block = 0; block < names.length; block++) {
      if (numTokens[block] == BLOCK_SIZE) {
        whole[numWhole++] = names[block];
        if (slots[slotOf(block)] != block) {
          throw new IllegalStateException("whole cache block " + block + " is not found");
        }
      }
    }
    Arrays.sort(whole, 0, numWhole);
    for (int block = 0; block < names.length; block++) {
      boolean first = parents[block] < NONE;
      if (knows(block) && !first && Arrays.binarySearch(whole, 0, numWhole, parents[block]) < 0) {
        throw new IllegalStateException("the block before cache block " + block + " is gone");
      }
    }
    int inSlots = (int) Arrays.stream(slots).filter(block -> block != NONE).count();
    if (inSlots != numWhole - 1) {
      throw new IllegalStateException(inSlots + " blocks listed, but " + (numWhole - 1) + " whole");
    }
  }
}
