package org.trlm.engine.cache;

/**
 * The keys and values of all layers, in blocks of 16 tokens. Block ids are those of {@link
 * KvCacheManager}; the model writes a token's keys and values and reads whole blocks. One engine,
 * one thread; all memory is taken when it is made.
 *
 * <p>How keys and values lie in a block is the business of the attention kernels. Layers share
 * arrays of about 256 MB; a layer never spans two.
 */
public final class KvCache {

  private static final long SLAB_FLOATS = 1 << 26;
  private static final long MAX_FLOATS = Integer.MAX_VALUE - 64L;

  /** Elements follow a 16-byte header, so element 12 is the first at a multiple of 64 bytes. */
  private static final int FIRST_ELEMENT = 12;

  private final int blockStride;
  private final int layerFloats;
  private final int layersPerSlab;
  private final float[][] slabs;

  /**
   * @throws IllegalArgumentException when the blocks of one layer exceed the size of a Java array
   */
  public KvCache(int numLayers, int numKeyValueHeads, int headDim, int numBlocks) {
    long blockFloats = 2L * numKeyValueHeads * headDim * KvCacheManager.BLOCK_SIZE;
    long mostBlocks = (MAX_FLOATS - FIRST_ELEMENT) / blockFloats;
    if (numBlocks < 1 || numBlocks > mostBlocks) {
      throw new IllegalArgumentException(
          "the key/value cache has 1 to "
              + mostBlocks
              + " blocks for a model with "
              + numKeyValueHeads
              + " key/value heads of "
              + headDim
              + " dimensions, found "
              + numBlocks
              + "; lower or raise kv_cache_memory");
    }
    blockStride = (int) blockFloats;
    layerFloats = blockStride * numBlocks;
    layersPerSlab = (int) Math.max(1, SLAB_FLOATS / layerFloats);
    slabs = new float[(numLayers + layersPerSlab - 1) / layersPerSlab][];
    for (int slab = 0; slab < slabs.length; slab++) {
      int layers = Math.min(layersPerSlab, numLayers - slab * layersPerSlab);
      slabs[slab] = new float[FIRST_ELEMENT + layers * layerFloats];
    }
  }

  /** Memory of one block, all layers together. */
  public static long bytesPerBlock(int numLayers, int numKeyValueHeads, int headDim) {
    return 2L * numLayers * numKeyValueHeads * headDim * KvCacheManager.BLOCK_SIZE * Float.BYTES;
  }

  /** The array that holds a layer. */
  public float[] floats(int layer) {
    return slabs[layer / layersPerSlab];
  }

  /** Where block 0 of a layer begins in its array; the blocks follow one another. */
  public int layerOffset(int layer) {
    return FIRST_ELEMENT + layer % layersPerSlab * layerFloats;
  }

  /** Where a block of a layer begins in its array. */
  public int blockOffset(int layer, int block) {
    return layerOffset(layer) + block * blockStride;
  }

  /** Copies the keys and values of a block, in all layers. */
  public void copyBlock(int source, int target) {
    for (float[] slab : slabs) {
      for (int layer = FIRST_ELEMENT; layer < slab.length; layer += layerFloats) {
        int from = layer + source * blockStride;
        System.arraycopy(slab, from, slab, layer + target * blockStride, blockStride);
      }
    }
  }
}
