package org.trlm.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Collects what a file says, checks that it agrees, and makes a tokenizer of it. The order is:
 * model tokens, {@link #finishModel}, merges, added tokens, {@link #build}. Used once, by one
 * thread.
 */
final class TokenizerAssembly {

  /**
   * Bounds on what a hostile file can make grow: reading one allocates no more than its own size
   * and 64 MB. The largest byte-level vocabularies have some 260,000 tokens and 450,000 merges.
   */
  private static final int MAX_TOKENS = 400_000;

  private static final int MAX_TOKENS_AND_MERGES = 1 << 20;
  private static final int MAX_CHARACTERS = 1 << 23;
  private static final int MAX_ADDED_TOKENS = 4096;
  private static final int MAX_ADDED_CHARACTERS = 1 << 16;

  private final String where;
  private final TokenTable table;
  private final TokenKey key = new TokenKey();
  private final List<AddedToken> added = new ArrayList<>();
  private final BitSet addedIds = new BitSet();
  private LongMap merges;
  private char[] joined = new char[64];
  private long characters;
  private int addedCharacters;
  private int mergeCount;
  private int modelSize;

  /**
   * @param where the file's name, for messages
   * @param tokens how many tokens to expect; more and fewer are taken
   * @param bytes how much text of tokens to expect
   */
  TokenizerAssembly(String where, int tokens, int bytes) {
    this.where = where;
    table = new TokenTable(Math.min(tokens, MAX_TOKENS), Math.min(bytes, MAX_CHARACTERS));
  }

  void modelToken(String text, long id) {
    if (table.size() >= MAX_TOKENS) {
      throw refused(
          "the vocabulary has more than " + MAX_TOKENS + " entries, which is not allowed");
    }
    if (id < 0 || id > Integer.MAX_VALUE) {
      throw refused(
          "the vocabulary gives "
              + quoted(text)
              + " the id "
              + id
              + "; ids count from 0 without gaps");
    }
    characters += text.length();
    if (characters > MAX_CHARACTERS) {
      throw refused(
          "the tokens have more than " + MAX_CHARACTERS + " characters, which is not allowed");
    }
    checkUnicode(text);
    table.add(key.set(text), (int) id);
  }

  /**
   * Checks the model's tokens and makes them findable.
   *
   * @param mergesToCome how many merges follow
   */
  void finishModel(int mergesToCome) {
    modelSize = table.size();
    if (modelSize == 0) {
      throw refused(
          "the vocabulary is empty; a tokenizer needs at least the tokens of single bytes");
    }
    if (modelSize + (long) mergesToCome > MAX_TOKENS_AND_MERGES) {
      throw refused(
          modelSize
              + " tokens and "
              + mergesToCome
              + " merges are more than "
              + MAX_TOKENS_AND_MERGES
              + " together, which is not allowed");
    }
    int twice = table.index(entriesById(), MAX_ADDED_TOKENS);
    if (twice >= 0) {
      String text = table.textOfEntry(twice);
      throw refused(
          "the token "
              + quoted(text)
              + " stands twice, with the ids "
              + idOf(text)
              + " and "
              + table.idOfEntry(twice));
    }
    merges = new LongMap(mergesToCome);
  }

  private int[] entriesById() {
    int[] entries = new int[modelSize + MAX_ADDED_TOKENS];
    BitSet seen = new BitSet(modelSize);
    for (int entry = 0; entry < modelSize; entry++) {
      int id = table.idOfEntry(entry);
      if (id >= modelSize) {
        throw refused(
            "the vocabulary gives "
                + quoted(table.textOfEntry(entry))
                + " the id "
                + id
                + ", but "
                + modelSize
                + " entries have the ids 0 to "
                + (modelSize - 1)
                + " without gaps; the file is damaged or has lost entries");
      }
      if (seen.get(id)) {
        throw refused(
            "the vocabulary gives the id "
                + id
                + " to both "
                + quoted(table.textOfEntry(entries[id]))
                + " and "
                + quoted(table.textOfEntry(entry))
                + "; each token has an id of its own");
      }
      seen.set(id);
      entries[id] = entry;
    }
    return entries;
  }

  /** The left half of a merge whose right half comes next. */
  int beginMerge(char[] text, int start, int length) {
    room(length);
    System.arraycopy(text, start, joined, 0, length);
    return length;
  }

  /** The right half of a merge after a left one of this length. */
  void endMerge(int leftLength, char[] text, int start, int length) {
    room(leftLength + length);
    System.arraycopy(text, start, joined, leftLength, length);
    merge(leftLength, leftLength + length);
  }

  private void room(int length) {
    if (joined.length < length) {
      joined = Arrays.copyOf(joined, length * 2);
    }
  }

  /** A merge in the form {@code "left right"}. */
  void merge(char[] both, int start, int length) {
    int space = -1;
    int spaces = 0;
    for (int i = 0; i < length; i++) {
      if (both[start + i] == ' ') {
        space = i;
        spaces++;
      }
    }
    if (spaces != 1) {
      throw refused(
          "merge "
              + mergeCount
              + " is "
              + quoted(new String(both, start, length))
              + "; it must be two tokens with one space between");
    }
    endMerge(beginMerge(both, start, space), both, start + space + 1, length - space - 1);
  }

  /** Takes the merge of the two halves of {@link #joined}. */
  private void merge(int leftLength, int length) {
    int left = partOfMerge(0, leftLength, leftLength, length);
    int right = partOfMerge(leftLength, length, leftLength, length);
    int whole = partOfMerge(0, length, leftLength, length);
    merges.put(BytePairEncoding.pair(left, right), BytePairEncoding.pair(mergeCount++, whole));
  }

  private int partOfMerge(int start, int end, int leftLength, int length) {
    int id = table.find(key.set(joined, start, end));
    if (id < 0) {
      throw refused(
          "merge "
              + mergeCount
              + ", "
              + quoted(new String(joined, 0, leftLength))
              + " with "
              + quoted(new String(joined, leftLength, length - leftLength))
              + ", needs the token "
              + quoted(new String(joined, start, end - start))
              + ", which the vocabulary does not hold; vocabulary and merges must belong together");
    }
    return id;
  }

  /**
   * Takes one added token. The reference gives a token that the model knows the model's id, and the
   * others the next free ids in order, whatever the file says: a file that says otherwise is
   * refused.
   */
  void addedToken(AddedToken token, long id) {
    if (token.content().isEmpty()) {
      throw refused("the added token with the id " + id + " is empty; it must have a text");
    }
    checkUnicode(token.content());
    addedCharacters += token.content().length();
    checkAddedTokens(added.size() + 1);
    if (addedCharacters > MAX_ADDED_CHARACTERS) {
      throw refused(
          "the added tokens have more than "
              + MAX_ADDED_CHARACTERS
              + " characters, which is not allowed");
    }
    int known = idOf(token.content());
    int expected = known >= 0 ? known : table.size();
    if (known >= 0 && addedIds.get(known)) {
      throw refused("the added token " + quoted(token.content()) + " stands twice; once is enough");
    }
    if (id != expected) {
      String holder = id >= 0 && id < modelSize ? table.text((int) id) : null;
      throw refused(
          "the added token "
              + quoted(token.content())
              + " has the id "
              + id
              + (holder == null ? "" : ", which belongs to " + quoted(holder))
              + "; expected is "
              + expected
              + (known >= 0
                  ? ", its id in the vocabulary"
                  : ", the next free one: new tokens follow the vocabulary in order, without gaps"));
    }
    if (known < 0) {
      table.add(key.set(token.content()), expected);
    }
    addedIds.set(expected);
    added.add(token);
  }

  void checkAddedTokens(int count) {
    if (count > MAX_ADDED_TOKENS) {
      throw refused(
          "there are more than " + MAX_ADDED_TOKENS + " added tokens, which is not allowed");
    }
  }

  /** Whether the model has a token for each of the 256 bytes. */
  boolean spellsEveryByte() {
    for (int value = 0; value < 256; value++) {
      if (table.find(new byte[] {(byte) value}, 1, true) < 0) {
        return false;
      }
    }
    return true;
  }

  int idOf(String token) {
    return table.find(key.set(token));
  }

  /** How many ids there are: those of the model and of the tokens added to it. */
  int size() {
    return table.size();
  }

  Tokenizer build(
      boolean wholeWordsFirst,
      Normalization normalization,
      WordSplitter words,
      int[] prefix,
      int[] suffix) {
    Vocabulary vocabulary = new Vocabulary(table.seal());
    return new Tokenizer(
        vocabulary,
        new BytePairEncoding(vocabulary, merges, wholeWordsFirst, modelSize),
        new AddedTokens(added, normalization),
        normalization,
        words,
        prefix,
        suffix);
  }

  /** Refuses a field that was there before. */
  void checkOnce(String field, boolean first) {
    if (!first) {
      throw refused("the field " + quoted(field) + " stands twice; once is enough");
    }
  }

  TokenizerFormatException refused(String what) {
    return new TokenizerFormatException(where + ": " + what);
  }

  private void checkUnicode(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (i + 1 == text.length() || !Character.isSurrogatePair(c, text.charAt(i + 1))) {
          throw refused(
              String.format(
                  "a token holds half a character, \\u%04x, which is not Unicode text", (int) c));
        }
        i++;
      }
    }
  }

  /** A text for messages, cut short. */
  static String quoted(String text) {
    return '"' + (text.length() <= 60 ? text : text.substring(0, 60) + "…") + '"';
  }
}
