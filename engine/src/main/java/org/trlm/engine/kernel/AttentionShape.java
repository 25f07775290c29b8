package org.trlm.engine.kernel;

/**
 * The heads of a model's attention, and where they lie in a block of the key/value cache: first the
 * keys of all key/value heads as {@code [keyValueHeads][headDim][16]}, then their values as {@code
 * [keyValueHeads][headDim / 16][16][16]}, tiles of 16 tokens times 16 dimensions. If headDim is no
 * multiple of 16, a head's values end with a tile {@code [16][headDim % 16]}. So a vector of keys
 * has lanes over tokens, and one of values over dimensions.
 *
 * @param numHeads query heads, a multiple of {@code numKeyValueHeads}; query heads {@code [h group,
 *     (h + 1) group)} attend to key/value head {@code h}
 * @param headDim dimensions of a head, an even number
 */
public record AttentionShape(int numHeads, int numKeyValueHeads, int headDim) {

  /** Dimensions of one tile of values. */
  static final int TILE = 16;

  /** Query heads that share a key/value head. */
  public int group() {
    return numHeads / numKeyValueHeads;
  }

  /** What a score is multiplied by before the softmax. */
  float scale() {
    return (float) (1.0 / Math.sqrt(headDim));
  }

  /** Elements of a block. */
  public int blockElements() {
    return 2 * numKeyValueHeads * headElements();
  }

  /** Elements of the keys, or of the values, of one head in a block. */
  private int headElements() {
    return headDim * Kernels.BLOCK_TOKENS;
  }

  /** Where the keys of a head begin in a block. */
  int keysOffset(int keyValueHead) {
    return keyValueHead * headElements();
  }

  /** Where the values of a head begin in a block. */
  int valuesOffset(int keyValueHead) {
    return (numKeyValueHeads + keyValueHead) * headElements();
  }

  /** Where a dimension of the key of a block's token lies in the block. */
  int keyAt(int keyValueHead, int token, int dimension) {
    return keysOffset(keyValueHead) + dimension * Kernels.BLOCK_TOKENS + token;
  }

  /** Where a dimension of the value of a block's token lies in the block. */
  int valueAt(int keyValueHead, int token, int dimension) {
    int tile = dimension / TILE;
    int width = Math.min(TILE, headDim - tile * TILE);
    int tileAt = valuesOffset(keyValueHead) + tile * TILE * Kernels.BLOCK_TOKENS;
    return tileAt + token * width + dimension % TILE;
  }

  /** Where a dimension of the whole tiles of a head begins in the values of the head. */
  static int valueAt(int dimension) {
    return dimension / TILE * TILE * Kernels.BLOCK_TOKENS + dimension % TILE;
  }

  /** Dimensions of a head that lie in whole tiles of values. */
  int wholeTiles() {
    return headDim / TILE * TILE;
  }

  /** Query heads of a key/value head that are taken three at a time. */
  int trios() {
    return group() / 3;
  }

  /** Scores and packed heads of one query with {@code numKeys} keys: whole blocks. */
  long scoreElements(int numKeys) {
    long blocks = (numKeys + Kernels.BLOCK_TOKENS - 1L) / Kernels.BLOCK_TOKENS;
    return blocks * numHeads * Kernels.BLOCK_TOKENS + perHeadElements() + packedElements();
  }

  /** Room for one number of each head, in whole vectors. */
  int perHeadElements() {
    return (numHeads + TILE - 1) / TILE * TILE;
  }

  /**
   * Where the packed trios begin in the scratch of a query: they end its row.
   *
   * @param stride elements from the row of one query to the next
   */
  int packedAt(int query, int stride) {
    return (query + 1) * stride - packedElements();
  }

  /** Elements of one query with its heads three at a time; see {@link VectorAttention}. */
  int packedElements() {
    return numKeyValueHeads * trios() * headDim * VectorAttentionScores.QUERY_STEP;
  }
}
