package org.trlm.engine.kernel;

/**
 * What attention computes in, made once per engine for its longest sequence. One thread; what it
 * holds is left over from the call before.
 */
public final class AttentionScratch {

  /** Blocks whose keys, or values, are brought to the kernels at a time. */
  static final int BLOCKS = 4;

  /** Scores, softmax weights and packed queries of the queries of one call. */
  final float[] scores;

  /** Keys, or values, of {@link #BLOCKS} blocks as floats, where the cache has other ones. */
  final float[] widened;

  /** Where the kernels find each of the blocks that were brought last. */
  final int[] starts = new int[BLOCKS];

  /**
   * @param numQueries most queries of one call
   * @param numKeys most keys of one call
   * @throws IllegalArgumentException when they exceed a Java array
   */
  public AttentionScratch(AttentionShape shape, KvCacheDtype dtype, int numQueries, int numKeys) {
    long elements = numQueries * shape.scoreElements(numKeys);
    if (elements > Integer.MAX_VALUE - 8L) {
      throw new IllegalArgumentException(
          "the attention scores of one step must fit a Java array, found "
              + elements
              + " of them; lower max_model_len");
    }
    scores = new float[(int) elements];
    widened = new float[widenedElements(shape, dtype)];
  }

  private static int widenedElements(AttentionShape shape, KvCacheDtype dtype) {
    return dtype == KvCacheDtype.FLOAT32 ? 0 : BLOCKS * shape.blockElements() / 2;
  }

  /** Memory that it takes. */
  public static long bytes(AttentionShape shape, KvCacheDtype dtype, int numQueries, int numKeys) {
    long elements = numQueries * shape.scoreElements(numKeys) + widenedElements(shape, dtype);
    return Float.BYTES * elements;
  }
}
