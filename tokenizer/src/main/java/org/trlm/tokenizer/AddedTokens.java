package org.trlm.tokenizer;

import java.util.BitSet;
import java.util.List;

/**
 * Finds added tokens in a text: at each place the longest that starts there, from left to right.
 * Those marked {@code normalized} are looked for in normalized text, in a second pass over what the
 * first has left. Immutable and thread-safe.
 */
final class AddedTokens {

  /** Which of the two passes. */
  enum Pass {
    AS_WRITTEN,
    NORMALIZED
  }

  /** What stands in a triple of {@link #split} for text that is no added token. */
  static final int TEXT = -1;

  private final List<AddedToken> tokens;
  private final TokenTrie asWritten = new TokenTrie();
  private final TokenTrie normalized = new TokenTrie();

  AddedTokens(List<AddedToken> tokens, Normalization normalization) {
    this.tokens = List.copyOf(tokens);
    fill(true, normalization);
    fill(false, normalization);
  }

  /** Special tokens first: where two strings become equal by normalization, they win. */
  private void fill(boolean special, Normalization normalization) {
    for (int i = 0; i < tokens.size(); i++) {
      AddedToken token = tokens.get(i);
      if (token.special() == special) {
        if (token.normalized()) {
          normalized.add(normalization.apply(token.content()), i);
        } else {
          asWritten.add(token.content(), i);
        }
      }
    }
  }

  List<AddedToken> tokens() {
    return tokens;
  }

  /**
   * Cuts a text at its added tokens. What stands in content never decides about a token beside it:
   * it is no part of one, no word character that adjoins it, and no white space that it takes
   * along.
   *
   * @param content positions from user or tool content, where no token is recognised, or null
   * @param pieces receives triples (id or {@link #TEXT}, start, end)
   */
  void split(int[] text, BitSet content, Pass pass, IntList pieces) {
    TokenTrie trie = pass == Pass.AS_WRITTEN ? asWritten : normalized;
    int done = 0;
    if (!trie.isEmpty()) {
      for (int at = 0; at < text.length; ) {
        long match = trie.longest(text, at, text.length, content);
        if (match < 0) {
          at++;
          continue;
        }
        int end = (int) match;
        AddedToken token = tokens.get((int) (match >>> 32));
        if (!token.singleWord() || standsAlone(text, at, end, content)) {
          int from = token.lstrip() ? Math.max(spaceBefore(text, at, content), done) : at;
          int to = token.rstrip() ? spaceAfter(text, end, content) : end;
          if (done < from) {
            addPiece(pieces, TEXT, done, from);
          }
          addPiece(pieces, token.id(), from, to);
          done = to;
        }
        at = end;
      }
    }
    if (done < text.length) {
      addPiece(pieces, TEXT, done, text.length);
    }
  }

  private static void addPiece(IntList pieces, int id, int start, int end) {
    pieces.add(id);
    pieces.addPair(start, end);
  }

  private static boolean standsAlone(int[] text, int start, int end, BitSet content) {
    return !isTrusted(UnicodeTables.ADDED_TOKEN_WORD, text, start - 1, content)
        && !isTrusted(UnicodeTables.ADDED_TOKEN_WORD, text, end, content);
  }

  /** Whether a place holds such a character, and not one of a user's or tool's. */
  private static boolean isTrusted(CodePointSet set, int[] text, int at, BitSet content) {
    return at >= 0
        && at < text.length
        && set.contains(text[at])
        && (content == null || !content.get(at));
  }

  private static int spaceBefore(int[] text, int start, BitSet content) {
    int at = start;
    while (isTrusted(UnicodeTables.ADDED_TOKEN_SPACE, text, at - 1, content)) {
      at--;
    }
    return at;
  }

  private static int spaceAfter(int[] text, int end, BitSet content) {
    int at = end;
    while (isTrusted(UnicodeTables.ADDED_TOKEN_SPACE, text, at, content)) {
      at++;
    }
    return at;
  }
}
