package org.trlm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The tokens of a vocabulary in a few flat arrays: a file with a million short tokens must not cost
 * a million strings. Filled by one thread in the order {@link #add}, {@link #index}, further adds;
 * after {@link #seal} it does not change and may be read by many threads.
 */
final class TokenTable {

  /** Differs per process, so that a hostile file cannot aim at the table's collisions. */
  private static final long SEED = ThreadLocalRandom.current().nextLong() | 1;

  private byte[] texts;
  private int[] ends;
  private int[] ids;
  private int size;
  private final BitSet spelled = new BitSet();
  private int[] entryOfId;
  private int[] slots;

  /**
   * @param entries how many tokens to expect
   * @param bytes how much text of tokens to expect
   */
  TokenTable(int entries, int bytes) {
    texts = new byte[Math.max(64, bytes)];
    ends = new int[Math.max(16, entries)];
    ids = new int[ends.length];
  }

  int size() {
    return size;
  }

  /** Appends a token; once the table is indexed, its id is the next free one. */
  void add(TokenKey key, int id) {
    int start = size == 0 ? 0 : ends[size - 1];
    int end = Math.addExact(start, key.length());
    if (end > texts.length) {
      texts = Arrays.copyOf(texts, grown(end));
    }
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, grown(size));
      ids = Arrays.copyOf(ids, ends.length);
    }
    System.arraycopy(key.bytes(), 0, texts, start, key.length());
    spelled.set(size, key.isSpelled());
    ends[size] = end;
    ids[size] = id;
    size++;
    if (slots != null) {
      entryOfId[id] = size - 1;
      slots[slot(key.bytes(), key.length(), key.isSpelled())] = size;
    }
  }

  private static int grown(int needed) {
    return Math.addExact(needed, (needed >> 1) + 16);
  }

  /** The id that the file gives to its n-th token. */
  int idOfEntry(int entry) {
    return ids[entry];
  }

  /** The text of the file's n-th token, as the file spells it. */
  String textOfEntry(int entry) {
    int start = start(entry);
    if (!spelled.get(entry)) {
      return new String(texts, start, ends[entry] - start, StandardCharsets.UTF_8);
    }
    char[] characters = new char[ends[entry] - start];
    for (int i = 0; i < characters.length; i++) {
      characters[i] = ByteAlphabet.character(texts[start + i] & 0xFF);
    }
    return new String(characters);
  }

  /**
   * Makes tokens findable.
   *
   * @param entryOfId which of the entries has an id; taken over
   * @param more how many tokens may still be added; {@code entryOfId} has places for them
   * @return an entry whose text an earlier one has already, or −1
   */
  int index(int[] entryOfId, int more) {
    this.entryOfId = entryOfId;
    slots = new int[Math.addExact(Math.multiplyExact(size + more, 3) / 2, 8)];
    for (int entry = 0; entry < size; entry++) {
      int start = start(entry);
      int slot = slot(texts, start, ends[entry], spelled.get(entry));
      if (slots[slot] != 0) {
        return entry;
      }
      slots[slot] = entry + 1;
    }
    return -1;
  }

  /** Gives up the space that was expected and not needed. */
  TokenTable seal() {
    int used = size == 0 ? 0 : ends[size - 1];
    if (isWasteful(used, texts.length)) {
      texts = Arrays.copyOf(texts, used);
    }
    if (isWasteful(size, ends.length)) {
      ends = Arrays.copyOf(ends, size);
      ids = Arrays.copyOf(ids, size);
    }
    return this;
  }

  private static boolean isWasteful(int used, int length) {
    return used < length - length / 4;
  }

  /** The id of a token, or −1. */
  int find(TokenKey key) {
    return find(key.bytes(), key.length(), key.isSpelled());
  }

  /** The id of the token that has these first bytes of the array, spelled or as UTF-8; or −1. */
  int find(byte[] bytes, int length, boolean isSpelled) {
    int entry = slots[slot(bytes, length, isSpelled)] - 1;
    return entry < 0 ? -1 : ids[entry];
  }

  String text(int id) {
    return textOfEntry(entryOfId[id]);
  }

  byte[] bytes(int id) {
    int entry = entryOfId[id];
    return Arrays.copyOfRange(texts, start(entry), ends[entry]);
  }

  void decode(int id, Utf8.Decoder decoder, StringBuilder into) {
    int entry = entryOfId[id];
    decoder.decode(texts, start(entry), ends[entry], into);
  }

  private int start(int entry) {
    return entry == 0 ? 0 : ends[entry - 1];
  }

  private int slot(byte[] bytes, int length, boolean isSpelled) {
    return slot(bytes, 0, length, isSpelled);
  }

  private int slot(byte[] bytes, int start, int end, boolean isSpelled) {
    long hash = isSpelled ? SEED : ~SEED;
    for (int i = start; i < end; i++) {
      hash = (hash ^ bytes[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    hash *= 0xD6E8FEB86659FD93L;
    int slot = (int) ((hash >>> 32) * slots.length >>> 32);
    while (slots[slot] != 0 && !holds(slots[slot] - 1, bytes, start, end, isSpelled)) {
      slot = slot + 1 == slots.length ? 0 : slot + 1;
    }
    return slot;
  }

  private boolean holds(int entry, byte[] bytes, int start, int end, boolean isSpelled) {
    return spelled.get(entry) == isSpelled
        && Arrays.equals(texts, start(entry), ends[entry], bytes, start, end);
  }
}
