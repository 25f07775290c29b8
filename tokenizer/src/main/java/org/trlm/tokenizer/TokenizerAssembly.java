package org.trlm.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Collects what a file says, checks that it agrees, and makes a tokenizer of it. The order is:
 * model tokens, {@link #finishModel}, merges, added tokens, {@link #build}. Used once, by one
 * thread.
 */
final class TokenizerAssembly {

  /** More entries than any vocabulary has; a bound on what a hostile file can make grow. */
  private static final int MAX_TOKENS = 1 << 20;

  private final String where;
  private final List<String> texts = new ArrayList<>();
  private final IntList ids = new IntList(1024);
  private final List<AddedToken> added = new ArrayList<>();
  private final Set<String> newTexts = new HashSet<>();
  private final BitSet addedIds = new BitSet();
  private final LongMap merges = new LongMap(1024);
  private int mergeCount;
  private Vocabulary model;

  TokenizerAssembly(String where) {
    this.where = where;
  }

  void modelToken(String text, long id) {
    if (texts.size() >= MAX_TOKENS) {
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
    checkUnicode(text);
    texts.add(text);
    ids.add((int) id);
  }

  /** Puts the model's tokens in the order of their ids. */
  void finishModel() {
    String[] byId = new String[texts.size()];
    for (int i = 0; i < byId.length; i++) {
      int id = ids.at(i);
      if (id >= byId.length) {
        throw refused(
            "the vocabulary gives "
                + quoted(texts.get(i))
                + " the id "
                + id
                + ", but "
                + byId.length
                + " entries have the ids 0 to "
                + (byId.length - 1)
                + " without gaps; the file is damaged or has lost entries");
      }
      if (byId[id] != null) {
        throw refused(
            "the vocabulary gives the id "
                + id
                + " to both "
                + quoted(byId[id])
                + " and "
                + quoted(texts.get(i))
                + "; each token has an id of its own");
      }
      byId[id] = texts.get(i);
    }
    if (byId.length == 0) {
      throw refused(
          "the vocabulary is empty; a tokenizer needs at least the tokens of single bytes");
    }
    model = unique(byId);
  }

  private Vocabulary unique(String[] byId) {
    Vocabulary vocabulary = new Vocabulary(byId);
    for (int id = 0; id < byId.length; id++) {
      int other = vocabulary.idOf(byId[id]);
      if (other != id) {
        throw refused(
            "the token "
                + quoted(byId[id])
                + " stands twice, with the ids "
                + other
                + " and "
                + id);
      }
    }
    return vocabulary;
  }

  void merge(String left, String right) {
    int leftId = partOfMerge(left, left, right);
    int rightId = partOfMerge(right, left, right);
    int joinedId = partOfMerge(left + right, left, right);
    merges.put(
        BytePairEncoding.pair(leftId, rightId), BytePairEncoding.pair(mergeCount++, joinedId));
  }

  private int partOfMerge(String token, String left, String right) {
    int id = model.idOf(token);
    if (id < 0) {
      throw refused(
          "merge "
              + mergeCount
              + ", "
              + quoted(left)
              + " with "
              + quoted(right)
              + ", needs the token "
              + quoted(token)
              + ", which the vocabulary does not hold; vocabulary and merges must belong together");
    }
    return id;
  }

  /** A merge in the form {@code "left right"}. */
  void merge(String both) {
    int space = both.indexOf(' ');
    if (space < 0 || both.indexOf(' ', space + 1) >= 0) {
      throw refused(
          "merge "
              + mergeCount
              + " is "
              + quoted(both)
              + "; it must be two tokens with one space between");
    }
    merge(both.substring(0, space), both.substring(space + 1));
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
    int known = model.idOf(token.content());
    int expected = known >= 0 ? known : model.size() + newTexts.size();
    if (known < 0 && !newTexts.add(token.content()) || known >= 0 && addedIds.get(known)) {
      throw refused("the added token " + quoted(token.content()) + " stands twice; once is enough");
    }
    if (id != expected) {
      String holder = id >= 0 && id < model.size() ? model.token((int) id) : null;
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
    addedIds.set(expected);
    added.add(token);
  }

  /** Whether the model has a token for each of the 256 bytes. */
  boolean spellsEveryByte() {
    for (int value = 0; value < 256; value++) {
      if (model.idOf(String.valueOf(ByteAlphabet.character(value))) < 0) {
        return false;
      }
    }
    return true;
  }

  int idOf(String token) {
    return model.idOf(token);
  }

  /** How many ids there are: those of the model and of the tokens added to it. */
  int size() {
    return model.size() + newTexts.size();
  }

  Tokenizer build(
      boolean wholeWordsFirst,
      Normalization normalization,
      WordSplitter words,
      int[] prefix,
      int[] suffix) {
    String[] all = new String[size()];
    for (int id = 0; id < model.size(); id++) {
      all[id] = model.token(id);
    }
    for (AddedToken token : added) {
      all[token.id()] = token.content();
    }
    Vocabulary vocabulary = newTexts.isEmpty() ? model : new Vocabulary(all);
    return new Tokenizer(
        vocabulary,
        new BytePairEncoding(vocabulary, merges, wholeWordsFirst, model.size()),
        new AddedTokens(added, normalization),
        normalization,
        words,
        prefix,
        suffix);
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
