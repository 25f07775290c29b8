package org.trlm.engine.constraint;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.trlm.engine.request.StructuredOutputs;

/**
 * The constraints of the requests of one model, each compiled once. One in each JVM and model,
 * shared by all engines; the least recently asked for are forgotten beyond a limit of memory.
 */
public final class TokenConstraints {
  /** Memory of a constraint's token sets; a set over 50,000 tokens takes 6 KB. */
  private static final long BYTES_OF_ONE = 16L << 20;

  /** Memory of all constraints, where the heap is large enough for it. */
  private static final long BYTES_OF_ALL = 96L << 20;

  private final byte[][] texts;

  /** Made when the first constraint comes. */
  private TokenTrie trie;

  private final long mostBytes;
  private final Map<StructuredOutputs, Compiled> compiled = new LinkedHashMap<>(16, 0.75f, true);

  /** What came of a constraint: one of the two is null. */
  private record Compiled(TokenConstraint constraint, ConstraintException refusal) {
    long sizeInBytes() {
      return constraint == null ? 1000 : constraint.sizeInBytes();
    }
  }

  /**
   * @param tokenText by token id, the bytes that the token adds to the content; empty for tokens
   *     that may not be part of it, as the model's control tokens and think tags
   */
  public TokenConstraints(byte[][] tokenText) {
    this(tokenText, Math.min(BYTES_OF_ALL, Runtime.getRuntime().maxMemory() / 32));
  }

  /**
   * @param mostBytes memory for all constraints together; those in use by sequences beyond it live
   *     as long as these
   */
  TokenConstraints(byte[][] tokenText, long mostBytes) {
    texts = tokenText.clone();
    this.mostBytes = mostBytes;
  }

  /**
   * The constraint, compiled now or before. Any thread.
   *
   * @throws ConstraintException when it is not supported, malformed, too large, or when no sequence
   *     of this model's tokens satisfies it; the message names the part
   */
  public synchronized TokenConstraint get(StructuredOutputs constraint) throws ConstraintException {
    Compiled known = compiled.get(constraint);
    if (known == null) {
      trie = trie == null ? new TokenTrie(texts) : trie;
      known = compile(constraint);
      compiled.put(constraint, known);
    }
    forgetOldest();
    if (known.refusal != null) {
      throw known.refusal;
    }
    return known.constraint;
  }

  private Compiled compile(StructuredOutputs constraint) {
    try {
      Dfa dfa = ConstraintCompiler.compile(constraint);
      return new Compiled(new TokenConstraint(dfa, trie, texts, BYTES_OF_ONE), null);
    } catch (ConstraintException refusal) {
      return new Compiled(null, refusal);
    }
  }

  /**
   * Compiles a constraint only to see whether it can be kept, for a driver that has no model.
   *
   * @throws ConstraintException as {@link #get} does, but for what depends on the tokens
   */
  public static void check(StructuredOutputs constraint) throws ConstraintException {
    ConstraintCompiler.compile(constraint);
  }

  private void forgetOldest() {
    long bytes = compiled.values().stream().mapToLong(Compiled::sizeInBytes).sum();
    Iterator<Compiled> oldest = compiled.values().iterator();
    while (bytes > mostBytes && compiled.size() > 1) {
      bytes -= oldest.next().sizeInBytes();
      oldest.remove();
    }
  }
}
