package org.trlm.engine.kernel;

/**
 * Activations in the order in which the kernels of 128 and 256 bits read them: {@code
 * [blocks][numCols][8]}, the first six of eight are the tokens of a block. One stream, whose
 * elements are at fixed distances from one address.
 */
final class ActivationBlocks {

  /** Tokens of one block. */
  static final int TOKENS = 6;

  /** Elements from one k to the next: a power of two, or the compiler keeps the bounds checks. */
  static final int STEP = 8;

  private ActivationBlocks() {}

  static int blocks(int numTokens) {
    return (numTokens + TOKENS - 1) / TOKENS;
  }

  /** Elements of one block. */
  static int elements(int numCols) {
    return numCols * STEP;
  }

  /** Where the activation k of a token lies. */
  static int at(int token, int k, int numCols) {
    return token / TOKENS * elements(numCols) + k * STEP + token % TOKENS;
  }

  /**
   * Packs rows of {@code x}, {@code xStride} apart. Tokens that the last block does not have are
   * zero: leftovers could be numbers that are slow to multiply with.
   */
  static void pack(
      float[] x, int xAt, int xStride, int numTokens, int numCols, float[] blocks, int at) {
    int token = 0;
    for (; token + TOKENS <= numTokens; token += TOKENS) {
      packBlock(x, xAt + token * xStride, xStride, numCols, blocks, at);
      at += elements(numCols);
    }
    for (int inBlock = 0; token < numTokens || inBlock % TOKENS != 0; token++, inBlock++) {
      for (int k = 0; k < numCols; k++) {
        blocks[at + k * STEP + inBlock] = token < numTokens ? x[xAt + token * xStride + k] : 0f;
      }
    }
  }

  private static void packBlock(
      float[] x, int xAt, int xStride, int numCols, float[] blocks, int at) {
    for (int k = 0; k < numCols; k++) {
      int from = xAt + k;
      int to = at + k * STEP;
      blocks[to] = x[from];
      blocks[to + 1] = x[from + xStride];
      blocks[to + 2] = x[from + 2 * xStride];
      blocks[to + 3] = x[from + 3 * xStride];
      blocks[to + 4] = x[from + 4 * xStride];
      blocks[to + 5] = x[from + 5 * xStride];
    }
  }
}
