package org.trlm.engine.kernel;

/**
 * The keys and values of one layer, in blocks of 16 tokens. The cache makes one for each layer over
 * its arrays, the model stores tokens in it, attention reads it. One thread.
 *
 * <p>Elements are those of {@link AttentionShape}, block after block. Bfloat16 elements are paired
 * over 32 of them, two runs of 16: element {@code i} of the first run lies beside element {@code i}
 * of the second one, so that a vector of pairs of any width widens to two vectors of floats, by a
 * shift and by a mask, without a change of lanes. A run is one dimension of the keys, or one token
 * of a tile of values; as dimensions of a head are even, a head's part of a block begins a pair of
 * runs.
 */
public final class KeyValueBlocks {

  /** Elements of the two runs that are paired. */
  static final int PAIRED = 2 * Kernels.BLOCK_TOKENS;

  private final AttentionShape shape;
  private final KvCacheDtype dtype;
  private final float[] floats;
  private final short[] bfloat16s;
  private final int offset;

  private KeyValueBlocks(
      AttentionShape shape, KvCacheDtype dtype, float[] floats, short[] bfloat16s, int offset) {
    this.shape = shape;
    this.dtype = dtype;
    this.floats = floats;
    this.bfloat16s = bfloat16s;
    this.offset = offset;
  }

  /** Blocks of float32 from {@code offset} of an array on. */
  public static KeyValueBlocks of(AttentionShape shape, float[] array, int offset) {
    return new KeyValueBlocks(shape, KvCacheDtype.FLOAT32, array, null, offset);
  }

  /** Blocks of bfloat16 from {@code offset} of an array on. */
  public static KeyValueBlocks of(AttentionShape shape, short[] array, int offset) {
    return new KeyValueBlocks(shape, KvCacheDtype.BFLOAT16, null, array, offset);
  }

  /** The heads whose keys and values these are. */
  public AttentionShape shape() {
    return shape;
  }

  KvCacheDtype dtype() {
    return dtype;
  }

  /** The array of float32 elements. */
  float[] floats() {
    return floats;
  }

  /** The array of bfloat16 elements. */
  short[] bfloat16s() {
    return bfloat16s;
  }

  /** Where a block begins in the array; what lies in whole pairs of runs does so as well there. */
  int blockAt(int block) {
    return offset + block * shape.blockElements();
  }

  /** An element of a block; for the scalar definition. */
  float get(int block, int element) {
    int at = blockAt(block);
    return dtype == KvCacheDtype.FLOAT32
        ? floats[at + element]
        : Float.intBitsToFloat(bfloat16s[at + paired(element)] << 16);
  }

  /** Stores an element of a block, rounded to the type of the cache. */
  void set(int block, int element, float value) {
    int at = blockAt(block);
    if (dtype == KvCacheDtype.FLOAT32) {
      floats[at + element] = value;
    } else {
      float rounded = PanelDtype.roundToBfloat16(value);
      bfloat16s[at + paired(element)] = (short) (Float.floatToRawIntBits(rounded) >>> 16);
    }
  }

  /** Where an element lies among those that it is paired with. */
  private static int paired(int element) {
    int run = element / Kernels.BLOCK_TOKENS;
    return element / PAIRED * PAIRED + 2 * (element % Kernels.BLOCK_TOKENS) + run % 2;
  }

  /**
   * Stores one head's keys and values of a token.
   *
   * @param token of the block, 0 to 15
   * @param source holds {@code headDim} rotated keys at {@code keysAt} and values at {@code
   *     valuesAt}
   */
  public void store(
      int block, int keyValueHead, int token, float[] source, int keysAt, int valuesAt) {
    for (int d = 0; d < shape.headDim(); d++) {
      set(block, shape.keyAt(keyValueHead, token, d), source[keysAt + d]);
    }
    for (int tile = 0; tile < shape.headDim(); tile += AttentionShape.TILE) {
      int end = Math.min(shape.headDim(), tile + AttentionShape.TILE);
      int at = shape.valueAt(keyValueHead, token, tile);
      for (int d = tile; d < end; d++) {
        set(block, at + d - tile, source[valuesAt + d]);
      }
    }
  }

  /** Copies the keys and values of a block. */
  public void copy(int source, int target) {
    Object array = dtype == KvCacheDtype.FLOAT32 ? floats : bfloat16s;
    System.arraycopy(array, blockAt(source), array, blockAt(target), shape.blockElements());
  }
}
