package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.VectorShape.LANES;

import java.util.Arrays;

/**
 * The loops around the inner kernels of the matrix product of one block of tokens, on vectors of
 * 128 and 256 bits. Every weight is used so seldom that reading it takes the time: the kernels read
 * two or four tiles side by side, because memory delivers several streams faster than one. What
 * comes after the first kernel finds the weights in a cache.
 */
final class FewTokensMatmul {

  /** The most tokens of a product. */
  static final int TOKENS = ActivationBlocks.TOKENS;

  /** Outputs of one tile. */
  private static final int TILE = 2 * LANES;

  /** Inputs of a chunk: of four tiles they take 8 KB, a quarter of a first-level cache. */
  private static final int CHUNK = 32;

  /** Float32 sums of all tokens with four tiles, at the beginning of the scratch. */
  private static final int SUMS = TOKENS * FewTokensFloat32.SUMS_STEP;

  /** Enough for most models; the scratch of a thread grows for others. */
  private static final int LEAST_SCRATCH = 1 << 14;

  private static final ThreadScratch SCRATCH = new ThreadScratch(LEAST_SCRATCH);

  private FewTokensMatmul() {}

  static void matmul(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      PanelMatrix matrix,
      float[] out,
      int outOffset,
      int outStride) {
    if (numTokens == 0) {
      // the logits of a step that only reads prompts
      return;
    }
    float[] scratch = SCRATCH.ofAtLeast(SUMS + ActivationBlocks.elements(matrix.numCols()));
    if (matrix.dtype() == PanelDtype.FLOAT32) {
      float32(x, xOffset, xStride, numTokens, matrix, scratch, out, outOffset, outStride);
    } else {
      bfloat16(x, xOffset, xStride, numTokens, matrix, scratch, out, outOffset, outStride);
    }
  }

  /**
   * Four tiles at a time: a panel is a multiple of that. Of four or five tokens the first one goes
   * ahead of the others by a chunk of inputs, because its kernel reads memory fastest.
   */
  private static void float32(
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      PanelMatrix matrix,
      float[] scratch,
      float[] out,
      int outOffset,
      int outStride) {
    int numCols = matrix.numCols();
    int firstTrio = tokens == 4 || tokens == 5 ? 1 : 0;
    int trios = tokens == 1 ? 0 : tokens == 6 ? 2 : 1;
    for (int trio = 0; trio < trios; trio++) {
      int first = firstTrio + 3 * trio;
      int to = SUMS + trio * numCols * FewTokensFloat32.X_STEP;
      packTrio(x, xAt + first * xStride, xStride, tokens - first, numCols, scratch, to);
    }
    int chunk = tokens <= 3 ? numCols : CHUNK;
    int tileElements = matrix.tileElements();
    float[] tiles = matrix.floats();
    int tileAt = matrix.offset();
    for (int row = 0; row < matrix.paddedRows(); row += 4 * TILE, tileAt += 4 * tileElements) {
      Arrays.fill(scratch, 0, SUMS, 0f);
      for (int k = 0; k < numCols; k += chunk) {
        int inputs = Math.min(chunk, numCols - k);
        int at = tileAt + k * TILE;
        if (firstTrio > 0 || tokens == 1) {
          FewTokensFloat32.oneToken(x, xAt + k, tiles, at, tileElements, inputs, scratch, 0);
        }
        for (int trio = 0; trio < trios; trio++) {
          int trioAt = SUMS + (trio * numCols + k) * FewTokensFloat32.X_STEP;
          int sums = (firstTrio + 3 * trio) * FewTokensFloat32.SUMS_STEP;
          int third = at + 2 * tileElements;
          FewTokensFloat32.threeTokens(
              scratch, trioAt, tiles, at, at + tileElements, inputs, scratch, sums);
          FewTokensFloat32.threeTokens(
              scratch,
              trioAt,
              tiles,
              third,
              third + tileElements,
              inputs,
              scratch,
              sums + 2 * TILE);
        }
        if (tokens == 5) {
          int sums = 4 * FewTokensFloat32.SUMS_STEP;
          int last = xAt + 4 * xStride + k;
          FewTokensFloat32.oneToken(x, last, tiles, at, tileElements, inputs, scratch, sums);
        }
      }
      for (int token = 0; token < tokens; token++) {
        int from = token * FewTokensFloat32.SUMS_STEP;
        System.arraycopy(scratch, from, out, outOffset + token * outStride + row, 4 * TILE);
      }
    }
  }

  /** Up to three tokens as {@code [numCols][4]}; those that are not there are zero. */
  private static void packTrio(
      float[] x, int xAt, int xStride, int tokens, int numCols, float[] packed, int at) {
    for (int k = 0; k < numCols; k++) {
      int to = at + k * FewTokensFloat32.X_STEP;
      int from = xAt + k;
      packed[to] = x[from];
      packed[to + 1] = tokens > 1 ? x[from + xStride] : 0f;
      packed[to + 2] = tokens > 2 ? x[from + 2 * xStride] : 0f;
    }
  }

  /** As many tokens at once as registers allow, from two tiles or, for one token, from four. */
  private static void bfloat16(
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      PanelMatrix matrix,
      float[] scratch,
      float[] out,
      int outOffset,
      int outStride) {
    int numCols = matrix.numCols();
    if (tokens == 2) {
      packTrio(x, xAt, xStride, tokens, numCols, scratch, SUMS);
    } else if (tokens > 2) {
      ActivationBlocks.pack(x, xAt, xStride, tokens, numCols, scratch, SUMS);
    }
    int tilesAtOnce = tokens == 1 ? 4 : 2;
    int[] tiles = matrix.pairs();
    int tileElements = matrix.tileElements();
    int tileAt = matrix.offset();
    for (int row = 0; row < matrix.paddedRows(); row += tilesAtOnce * TILE) {
      int to = outOffset + row;
      if (tokens == 1) {
        FewTokensBfloat16.oneToken(x, xAt, tiles, tileAt, numCols, out, to);
      } else if (tokens == 2) {
        FewTokensBfloat16.twoTokens(scratch, SUMS, tiles, tileAt, numCols, out, to, outStride);
      } else if (tokens <= 4) {
        int second = tileAt + tileElements;
        FewTokensBfloat16.fourTokens(
            scratch, SUMS, tiles, tileAt, numCols, out, to, outStride, tokens);
        FewTokensBfloat16.fourTokens(
            scratch, SUMS, tiles, second, numCols, out, to + TILE, outStride, tokens);
      } else {
        FewTokensBfloat16.sixTokensLow(
            scratch, SUMS, tiles, tileAt, numCols, out, to, outStride, tokens);
        FewTokensBfloat16.sixTokensHigh(
            scratch, SUMS, tiles, tileAt, numCols, out, to + LANES, outStride, tokens);
      }
      tileAt += tilesAtOnce * tileElements;
    }
  }
}
