package org.trlm.engine.constraint;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * The texts of a vocabulary as a tree of bytes, in the order of a walk that visits every node
 * before its children: tokens that begin alike are looked at once. Immutable.
 */
final class TokenTrie {
  private static final int NONE = -1;

  private final int vocabSize;
  private final int longest;
  private int numNodes;

  /** By node: its byte, its distance from the root (from 1), and the node after its subtree. */
  private final byte[] labels;

  private final short[] depths;
  private final int[] subtreeEnds;

  /** By node: a token that ends there, or {@link #NONE}. */
  private final int[] tokens;

  /** By token: another one with the same text, or {@link #NONE}. */
  private final int[] twins;

  /** Which single bytes are the text of a token. */
  private final boolean[] singleBytes = new boolean[256];

  /**
   * @param texts by token id; empty ones are left out
   */
  TokenTrie(byte[][] texts) {
    vocabSize = texts.length;
    twins = new int[vocabSize];
    Arrays.fill(twins, NONE);
    Integer[] sorted = new Integer[vocabSize];
    int nodes = 0;
    for (int id = 0; id < vocabSize; id++) {
      sorted[id] = id;
      nodes += texts[id].length;
      if (texts[id].length == 1) {
        singleBytes[texts[id][0] & 0xff] = true;
      }
    }
    Arrays.sort(sorted, (a, b) -> Arrays.compareUnsigned(texts[a], texts[b]));
    labels = new byte[nodes];
    depths = new short[nodes];
    subtreeEnds = new int[nodes];
    tokens = new int[nodes];
    longest = fill(texts, sorted);
  }

  /** Fills the nodes; returns the greatest depth. */
  private int fill(byte[][] texts, Integer[] sorted) {
    byte[] before = {};
    int[] path = new int[Short.MAX_VALUE];
    int deepest = 0;
    for (int id : sorted) {
      byte[] text = texts[id];
      if (text.length == 0 || text.length >= path.length) {
        continue;
      }
      int common = Arrays.mismatch(before, text);
      common = common < 0 ? text.length : common;
      for (int depth = before.length; depth > common; depth--) {
        subtreeEnds[path[depth]] = numNodes;
      }
      for (int depth = common + 1; depth <= text.length; depth++) {
        path[depth] = numNodes;
        labels[numNodes] = text[depth - 1];
        depths[numNodes] = (short) depth;
        tokens[numNodes++] = NONE;
      }
      int node = path[text.length];
      twins[id] = tokens[node];
      tokens[node] = id;
      deepest = Math.max(deepest, text.length);
      before = text;
    }
    for (int depth = before.length; depth > 0; depth--) {
      subtreeEnds[path[depth]] = numNodes;
    }
    return deepest;
  }

  int vocabSize() {
    return vocabSize;
  }

  boolean hasSingleByte(int value) {
    return singleBytes[value];
  }

  /**
   * The tokens whose bytes lead from a state of an automaton to one that is alive.
   *
   * @param alive states that may be reached
   * @param bits set for each such token; {@code [vocabSize / 64 rounded up]}
   * @return how many
   */
  int walk(Dfa dfa, int state, BitSet alive, long[] bits) {
    int[] states = new int[longest + 1];
    states[0] = state;
    int count = 0;
    int node = 0;
    while (node < numNodes) {
      int depth = depths[node];
      int next = dfa.next(states[depth - 1], labels[node] & 0xff);
      if (next == Dfa.DEAD) {
        node = subtreeEnds[node];
        continue;
      }
      states[depth] = next;
      if (tokens[node] != NONE && alive.get(next)) {
        for (int token = tokens[node]; token != NONE; token = twins[token]) {
          bits[token >> 6] |= 1L << token;
          count++;
        }
      }
      node++;
    }
    return count;
  }

  /** The tokens whose text is one of the beginnings of {@code text} from {@code offset} on. */
  int[] prefixesOf(byte[] text, int offset) {
    IntStream.Builder found = IntStream.builder();
    int node = 0;
    for (int depth = 1; offset + depth <= text.length; depth++) {
      int end = depth == 1 ? numNodes : subtreeEnds[node - 1];
      while (node < end && labels[node] != text[offset + depth - 1]) {
        node = subtreeEnds[node];
      }
      if (node >= end) {
        break;
      }
      for (int token = tokens[node]; token != NONE; token = twins[token]) {
        found.add(token);
      }
      node++;
    }
    return found.build().toArray();
  }
}
