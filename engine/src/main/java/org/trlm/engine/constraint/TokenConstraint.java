package org.trlm.engine.constraint;

import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;

/**
 * A constraint laid over a vocabulary: in each state, which tokens may come next. Made once for
 * each distinct constraint and JVM, used by all its tasks at once. The tokens of a state are looked
 * up when a sequence is first in it and kept, up to a limit of memory.
 */
public final class TokenConstraint {
  private final Dfa dfa;
  private final TokenTrie trie;
  private final byte[][] texts;

  /** States from which single tokens lead to a final one. */
  private final BitSet alive;

  private final long mostBytes;
  private final AtomicLong bytes = new AtomicLong();
  private volatile AtomicReferenceArray<TokenSet> sets;

  /**
   * @param mostBytes memory for the tokens of its states; when it is full they are forgotten
   * @throws ConstraintException when no sequence of tokens satisfies it
   */
  TokenConstraint(Dfa dfa, TokenTrie trie, byte[][] texts, long mostBytes)
      throws ConstraintException {
    this.dfa = dfa;
    this.trie = trie;
    this.texts = texts;
    this.mostBytes = mostBytes;
    alive = dfa.leadingToFinal(trie::hasSingleByte);
    sets = new AtomicReferenceArray<>(dfa.numStates());
    if (dfa.start() == Dfa.DEAD) {
      throw new ConstraintException("no text satisfies it");
    }
    if (!dfa.isFinal(start()) && allowed(start()).count() == 0) {
      throw new ConstraintException("the model has no tokens for any text that satisfies it");
    }
  }

  /** The state before the first token of an answer without a thought. */
  int start() {
    return dfa.start(ConstraintCompiler.START);
  }

  /** The state after a thought, where white space may come before the content. */
  int startAfterThought() {
    return dfa.start(ConstraintCompiler.START_AFTER_THOUGHT);
  }

  /** Whether the content may end here. */
  boolean isFinal(int state) {
    return dfa.isFinal(state);
  }

  /** The state after the bytes of an allowed token from an offset on; negative after others. */
  int next(int state, byte[] text, int offset) {
    for (int i = offset; i < text.length && state != Dfa.DEAD; i++) {
      state = dfa.next(state, text[i] & 0xff);
    }
    return state;
  }

  /** The tokens whose text goes on with a tag and not beyond it. */
  int[] tokensThatSpell(byte[] tag, int offset) {
    return trie.prefixesOf(tag, offset);
  }

  /** Rules out the tokens of several bytes that a test is true for. */
  void ruleOut(Predicate<byte[]> test, float[] logits) {
    for (int token = 0; token < Math.min(texts.length, logits.length); token++) {
      if (texts[token].length > 1 && test.test(texts[token])) {
        logits[token] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  /** The tokens that may come next; none where the content has to end. */
  TokenSet allowed(int state) {
    TokenSet known = sets.get(state);
    return known != null ? known : compute(state);
  }

  private TokenSet compute(int state) {
    long[] bits = new long[(trie.vocabSize() + 63) >> 6];
    TokenSet set = new TokenSet(bits, trie.walk(dfa, state, alive, bits));
    if (bytes.addAndGet(set.sizeInBytes()) > mostBytes) {
      bytes.set(set.sizeInBytes());
      sets = new AtomicReferenceArray<>(dfa.numStates());
    }
    sets.set(state, set);
    return set;
  }

  /** Bytes that it takes in memory now. */
  long sizeInBytes() {
    return dfa.sizeInBytes() + 4L * dfa.numStates() + bytes.get();
  }
}
