package org.trlm.tokenizer;

/**
 * The tokens by id, without gaps, and the ids by token text. Ids run from 0 to {@link #size()} − 1;
 * added tokens are included. Immutable and thread-safe.
 */
public final class Vocabulary {

  private final TokenTable table;

  /** Takes over a table whose tokens have each an id of its own, without gaps. */
  Vocabulary(TokenTable table) {
    this.table = table;
  }

  /** How many tokens there are: the highest id plus one. */
  public int size() {
    return table.size();
  }

  /** Whether the number is the id of a token. */
  public boolean contains(int id) {
    return id >= 0 && id < table.size();
  }

  /** A token as the file spells it: bytes in the byte alphabet, added tokens as they are. */
  public String token(int id) {
    return table.text(checked(id));
  }

  /** The id of a token as the file spells it, or −1. */
  public int idOf(String token) {
    return table.find(new TokenKey().set(token));
  }

  /** The bytes that a token contributes to decoded text, as a copy. */
  public byte[] bytes(int id) {
    return table.bytes(checked(id));
  }

  /** The id of the token that spells the first bytes of an array in the byte alphabet, or −1. */
  int idOfSpelled(byte[] bytes, int length) {
    return table.find(bytes, length, true);
  }

  /** Hands the bytes of a token on. */
  void decode(int id, Utf8.Decoder decoder, StringBuilder into) {
    table.decode(id, decoder, into);
  }

  private int checked(int id) {
    if (!contains(id)) {
      throw new IllegalArgumentException(
          "token id " + id + " is not in the vocabulary: ids run from 0 to " + (size() - 1));
    }
    return id;
  }
}
