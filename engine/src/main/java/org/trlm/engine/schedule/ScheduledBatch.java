package org.trlm.engine.schedule;

import java.util.Arrays;

/**
 * The tokens of one step, flattened sequence after sequence: what the scheduler decided and the
 * model computes. Made once per engine and refilled each step; arrays are longer than their valid
 * part, and valid until the next {@link #clear}. One thread.
 */
public final class ScheduledBatch {
  private final int[] tokenIds;
  private final int[] positions;
  private final int[] queryStarts;
  private final int[][] blockTables;
  private final int[] logitsTokens;
  private final int[] logitsSequences;
  private final int maxLogits;
  private final int[] copySources;
  private final int[] copyTargets;
  private int numCopies;
  private int numSequences;
  private int numTokens;
  private int numLogits;

  /** Rows of logits that a step has at least room for, so that prompts are scored in chunks. */
  private static final int LEAST_LOGITS = 32;

  /** Tokens of one step whose logits can be had: one a sequence, and some for scoring prompts. */
  public static int maxLogits(int maxSequences, int maxTokens) {
    return Math.min(maxTokens, Math.max(maxSequences, LEAST_LOGITS));
  }

  /**
   * @param maxSequences most sequences of one step
   * @param maxTokens most tokens of one step, all sequences together
   * @param maxLogits most tokens of one step whose logits are needed
   */
  public ScheduledBatch(int maxSequences, int maxTokens, int maxLogits) {
    tokenIds = new int[maxTokens];
    positions = new int[maxTokens];
    queryStarts = new int[maxSequences + 1];
    blockTables = new int[maxSequences][];
    this.maxLogits = maxLogits;
    logitsTokens = new int[maxLogits];
    logitsSequences = new int[maxLogits];
    copySources = new int[maxSequences];
    copyTargets = new int[maxSequences];
  }

  /** Forgets the step before. */
  public void clear() {
    Arrays.fill(blockTables, 0, numSequences, null);
    numSequences = 0;
    numTokens = 0;
    numLogits = 0;
    numCopies = 0;
  }

  /** Has the keys and values of a block copied to another one before anything is computed. */
  void addCopy(int source, int target) {
    copySources[numCopies] = source;
    copyTargets[numCopies++] = target;
  }

  /**
   * Appends the tokens at positions {@code begin} to {@code end - 1} of one sequence.
   *
   * @param tokens the sequence's tokens by position, known at least up to {@code end}
   * @param begin the first position to compute: how many tokens the cache holds already
   * @param end after the last position to compute
   * @param logitsBegin first position whose logits are needed; {@code end} needs none
   * @param blockTable the cache block of each 16 positions, covering at least {@code end}; not
   *     copied
   */
  public void add(int[] tokens, int begin, int end, int logitsBegin, int[] blockTable) {
    assert begin < end && logitsBegin >= begin && logitsBegin <= end;
    for (int position = begin; position < end; position++) {
      if (position >= logitsBegin) {
        logitsTokens[numLogits] = numTokens;
        logitsSequences[numLogits++] = numSequences;
      }
      tokenIds[numTokens] = tokens[position];
      positions[numTokens++] = position;
    }
    blockTables[numSequences++] = blockTable;
    queryStarts[numSequences] = numTokens;
  }

  /** Whether the token at a position of sequence {@code s} is computed in this step. */
  boolean computes(int s, int position) {
    return positions[queryStart(s)] <= position && position <= positions[queryEnd(s) - 1];
  }

  /** Blocks to copy, in this order, before the step writes keys and values. */
  public int numCopies() {
    return numCopies;
  }

  /** The block that copy {@code i} reads. */
  public int copySource(int i) {
    return copySources[i];
  }

  /** The block that copy {@code i} overwrites; it may be its source. */
  public int copyTarget(int i) {
    return copyTargets[i];
  }

  /** Sequences that take part in this step. */
  public int numSequences() {
    return numSequences;
  }

  /** Tokens of this step, all sequences together. */
  public int numTokens() {
    return numTokens;
  }

  /** Vocabulary ids, {@code [numTokens]}. */
  public int[] tokenIds() {
    return tokenIds;
  }

  /** Each token's position in its own sequence, {@code [numTokens]}. */
  public int[] positions() {
    return positions;
  }

  /** Index of the first token of sequence {@code s}; its tokens stand at consecutive positions. */
  public int queryStart(int s) {
    return queryStarts[s];
  }

  /** Index after the last token of sequence {@code s}. */
  public int queryEnd(int s) {
    return queryStarts[s + 1];
  }

  /** Cache block ids of sequence {@code s}: entry i holds positions 16 i to 16 i + 15. */
  public int[] blockTable(int s) {
    return blockTables[s];
  }

  /** Tokens whose logits are needed. */
  public int numLogits() {
    return numLogits;
  }

  /** Token indexes whose logits are needed, ascending, {@code [numLogits]}. */
  public int[] logitsTokens() {
    return logitsTokens;
  }

  /** Rows of logits that may be added. */
  int freeLogits() {
    return maxLogits - numLogits;
  }

  /** The position in its sequence of the token that logits row {@code i} follows. */
  public int logitsPosition(int i) {
    return positions[logitsTokens[i]];
  }

  /** The sequence that logits row {@code i} belongs to. */
  public int logitsSequence(int i) {
    return logitsSequences[i];
  }
}
