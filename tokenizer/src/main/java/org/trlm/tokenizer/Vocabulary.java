package org.trlm.tokenizer;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The tokens by id, without gaps, and the ids by token text. Ids run from 0 to {@link #size()} − 1;
 * added tokens are included. Immutable and thread-safe.
 */
public final class Vocabulary {

  /** Differs per process, so that a hostile file cannot aim at the table's collisions. */
  private static final long SEED = ThreadLocalRandom.current().nextLong() | 1;

  private final String[] tokens;
  private final byte[][] bytes;
  private final int[] slots;

  /**
   * Takes over the array. The caller has checked that no id is missing and no text stands twice.
   */
  Vocabulary(String[] tokens) {
    this.tokens = tokens;
    bytes = new byte[tokens.length][];
    slots = new int[Integer.highestOneBit(Math.max(4, tokens.length)) * 4];
    for (int id = 0; id < tokens.length; id++) {
      bytes[id] = ByteAlphabet.decoded(tokens[id]);
      int slot = slot(tokens[id]);
      if (slots[slot] == 0) {
        slots[slot] = id + 1;
      }
    }
  }

  /** How many tokens there are: the highest id plus one. */
  public int size() {
    return tokens.length;
  }

  /** Whether the number is the id of a token. */
  public boolean contains(int id) {
    return id >= 0 && id < tokens.length;
  }

  /** A token as the file spells it: bytes in the byte alphabet, added tokens as they are. */
  public String token(int id) {
    return tokens[checked(id)];
  }

  /** The id of a token as the file spells it, or −1. */
  public int idOf(String token) {
    return slots[slot(token)] - 1;
  }

  /** The bytes that a token contributes to decoded text, as a copy. */
  public byte[] bytes(int id) {
    return bytes[checked(id)].clone();
  }

  /** The bytes themselves, for this package, which does not change them. */
  byte[] bytesShared(int id) {
    return bytes[id];
  }

  private int checked(int id) {
    if (!contains(id)) {
      throw new IllegalArgumentException(
          "token id " + id + " is not in the vocabulary: ids run from 0 to " + (tokens.length - 1));
    }
    return id;
  }

  private int slot(String token) {
    int mask = slots.length - 1;
    int slot = (int) (hash(token) >>> 20) & mask;
    while (slots[slot] != 0 && !tokens[slots[slot] - 1].equals(token)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static long hash(String token) {
    long hash = SEED;
    for (int i = 0; i < token.length(); i++) {
      hash = (hash ^ token.charAt(i)) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return hash * 0xD6E8FEB86659FD93L;
  }
}
