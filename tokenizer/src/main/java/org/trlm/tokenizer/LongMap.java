package org.trlm.tokenizer;

import java.util.Arrays;

/**
 * Open-addressing map from non-negative longs to longs: one probe into flat arrays instead of a
 * boxed pair per merge. Filled once, then read by many threads.
 */
final class LongMap {

  /** What {@link #find} answers for a key that is not there; never stored. */
  static final long ABSENT = -1;

  private static final long FREE = -1;

  private long[] keys;
  private long[] values;
  private int size;

  /**
   * @param expected how many keys fit before the arrays grow
   */
  LongMap(int expected) {
    int capacity = Math.addExact(Math.max(8, expected), Math.max(8, expected) / 2 + 2);
    keys = new long[capacity];
    values = new long[capacity];
    Arrays.fill(keys, FREE);
  }

  /** Stores a value; an earlier one of the same key is replaced. */
  void put(long key, long value) {
    assert key >= 0 && value >= 0;
    if (size + 1L > keys.length * 2L / 3) {
      grow();
    }
    int slot = slotOf(key);
    if (keys[slot] == FREE) {
      keys[slot] = key;
      size++;
    }
    values[slot] = value;
  }

  long find(long key) {
    int slot = slotOf(key);
    return keys[slot] == FREE ? ABSENT : values[slot];
  }

  private int slotOf(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
    int slot = (int) ((mixed >>> 32) * keys.length >>> 32);
    while (keys[slot] != FREE && keys[slot] != key) {
      slot = slot + 1 == keys.length ? 0 : slot + 1;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] oldValues = values;
    keys = new long[Math.multiplyExact(oldKeys.length, 2)];
    values = new long[keys.length];
    Arrays.fill(keys, FREE);
    size = 0;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != FREE) {
        put(oldKeys[i], oldValues[i]);
      }
    }
  }
}
