package org.trlm.engine.kernel;

/**
 * The loops around the inner kernels of the matrix product on vectors of 128 and 256 bits. A sweep
 * takes the tiles one after the other, each with all blocks of tokens, so that a tile is read from
 * memory once per sweep and from the cache for every further block, while parts of the next tile
 * are touched, so that fetching it overlaps with computing. One block of tokens goes to {@link
 * FewTokensMatmul}.
 */
final class NarrowMatmul {

  /**
   * Most elements of the activations of one sweep: they stay in the second and third cache, where
   * each tile reads all of them.
   */
  private static final int SWEEP_ACTIVATIONS = 256 * 1024;

  /**
   * Columns of one step of the inner kernels. Written out, their addresses are constants apart: a
   * column then costs 25 instructions instead of 37 for its 12 multiply-adds, of which the CPU
   * takes up to two a cycle.
   */
  static final int COLUMNS = 4;

  /** Where the widened tile begins in a thread's scratch; the activations follow it. */
  private static final int WIDE_TILE = PanelPacker.FIRST_ELEMENT;

  /** So many elements (4 MB) that G1 gives the scratch regions of its own, which aligns it. */
  private static final int LEAST_SCRATCH = 1 << 20;

  private static final ThreadScratch SCRATCH = new ThreadScratch(LEAST_SCRATCH);

  /** Keeps the touched elements alive; never read, so that races on it do not matter. */
  private static int touched;

  private NarrowMatmul() {}

  static void matmul(
      float[] x,
      int xOffset,
      int xStride,
      int numTokens,
      PanelMatrix matrix,
      float[] out,
      int outOffset,
      int outStride) {
    if (numTokens <= FewTokensMatmul.TOKENS) {
      FewTokensMatmul.matmul(x, xOffset, xStride, numTokens, matrix, out, outOffset, outStride);
      return;
    }
    int blockElements = ActivationBlocks.elements(matrix.numCols());
    int tokensPerSweep = tokensPerSweep(numTokens, blockElements);
    int packed = WIDE_TILE + matrix.numCols() * matrix.layout().tileOutputs();
    int blocks = ActivationBlocks.blocks(Math.min(tokensPerSweep, numTokens));
    float[] scratch = SCRATCH.ofAtLeast(packed + blocks * blockElements);
    for (int first = 0; first < numTokens; first += tokensPerSweep) {
      int tokens = Math.min(tokensPerSweep, numTokens - first);
      int xAt = xOffset + first * xStride;
      ActivationBlocks.pack(x, xAt, xStride, tokens, matrix.numCols(), scratch, packed);
      sweep(scratch, packed, tokens, matrix, out, outOffset + first * outStride, outStride);
    }
  }

  /** As few sweeps as can be, of about as many tokens each: a small one reads all weights too. */
  private static int tokensPerSweep(int numTokens, int blockElements) {
    int blocks = ActivationBlocks.blocks(numTokens);
    int most = Math.max(1, SWEEP_ACTIVATIONS / blockElements);
    int sweeps = (blocks + most - 1) / most;
    return (blocks + sweeps - 1) / sweeps * ActivationBlocks.TOKENS;
  }

  private static void sweep(
      float[] scratch,
      int packed,
      int tokens,
      PanelMatrix matrix,
      float[] out,
      int outAt,
      int outStride) {
    int elements = matrix.tileElements();
    int tileOutputs = matrix.layout().tileOutputs();
    int numTiles = matrix.paddedRows() / tileOutputs;
    for (int tile = 0; tile < numTiles; tile++) {
      int tileAt = matrix.offset() + tile * elements;
      int next = tile + 1 < numTiles ? tileAt + elements : tileAt;
      int outTile = outAt + tile * tileOutputs;
      if (matrix.dtype() == PanelDtype.FLOAT32) {
        float[] floats = matrix.floats();
        float32(scratch, packed, tokens, matrix, tileAt, next, out, outTile, outStride);
        lastColumns(scratch, packed, tokens, matrix, floats, tileAt, out, outTile, outStride);
      } else {
        NarrowBfloat16Tile.widen(matrix.pairs(), tileAt, matrix.numCols(), scratch, WIDE_TILE);
        bfloat16(scratch, packed, tokens, matrix, next, out, outTile, outStride);
        lastColumns(scratch, packed, tokens, matrix, scratch, WIDE_TILE, out, outTile, outStride);
      }
    }
  }

  private static void float32(
      float[] scratch,
      int packed,
      int tokens,
      PanelMatrix matrix,
      int tileAt,
      int next,
      float[] out,
      int outAt,
      int outStride) {
    float[] floats = matrix.floats();
    int numCols = matrix.numCols();
    for (int first = 0; first < tokens; first += ActivationBlocks.TOKENS) {
      int block = first / ActivationBlocks.TOKENS;
      touched +=
          NarrowFloat32Tile.sixTokens(
              scratch,
              packed + block * ActivationBlocks.elements(numCols),
              floats,
              tileAt,
              wholeSteps(numCols),
              floats,
              next + touchedAt(block, matrix),
              out,
              outAt + first * outStride,
              outStride,
              tokens - first);
    }
  }

  private static void bfloat16(
      float[] scratch,
      int packed,
      int tokens,
      PanelMatrix matrix,
      int next,
      float[] out,
      int outAt,
      int outStride) {
    int numCols = matrix.numCols();
    for (int first = 0; first < tokens; first += ActivationBlocks.TOKENS) {
      int block = first / ActivationBlocks.TOKENS;
      touched +=
          NarrowBfloat16Tile.sixTokens(
              scratch,
              packed + block * ActivationBlocks.elements(numCols),
              scratch,
              WIDE_TILE,
              wholeSteps(numCols),
              matrix.pairs(),
              next + touchedAt(block, matrix),
              out,
              outAt + first * outStride,
              outStride,
              tokens - first);
    }
  }

  /** Columns that the inner kernels take. */
  private static int wholeSteps(int numCols) {
    return numCols / COLUMNS * COLUMNS;
  }

  /** Adds the columns that the inner kernels left, if any, to the outputs of a tile. */
  private static void lastColumns(
      float[] scratch,
      int packed,
      int tokens,
      PanelMatrix matrix,
      float[] tile,
      int tileAt,
      float[] out,
      int outAt,
      int outStride) {
    int numCols = matrix.numCols();
    int tileOutputs = matrix.layout().tileOutputs();
    for (int k = wholeSteps(numCols); k < numCols; k++) {
      for (int token = 0; token < tokens; token++) {
        float activation = scratch[packed + ActivationBlocks.at(token, k, numCols)];
        for (int n = 0; n < tileOutputs; n++) {
          int to = outAt + token * outStride + n;
          out[to] = Math.fma(activation, tile[tileAt + k * tileOutputs + n], out[to]);
        }
      }
    }
  }

  /** Where in the next tile a block of tokens begins to touch. */
  private static int touchedAt(int block, PanelMatrix matrix) {
    return block % matrix.tileStep() * matrix.numCols();
  }
}
