package org.trlm.engine.cache;

import org.trlm.engine.kernel.AttentionShape;
import org.trlm.engine.kernel.KeyValueBlocks;
import org.trlm.engine.kernel.KvCacheDtype;

/**
 * The keys and values of all layers, in blocks of 16 tokens. Block ids are those of {@link
 * KvCacheManager}; the model writes a token's keys and values and reads whole blocks. One engine,
 * one thread; all memory is taken when it is made.
 *
 * <p>How keys and values lie in a block is the business of the attention kernels. Layers share
 * arrays of about 256 MB; a layer never spans two.
 */
public final class KvCache {

  private static final long SLAB_BYTES = 1 << 28;
  private static final long MAX_ELEMENTS = Integer.MAX_VALUE - 64L;

  /** Elements follow a 16-byte header: so far behind it is the first multiple of 64 bytes. */
  private static final int FIRST_ELEMENT_BYTES = 48;

  private final KvCacheDtype dtype;
  private final KeyValueBlocks[] layers;

  /**
   * @throws IllegalArgumentException when the blocks of one layer exceed the size of a Java array
   */
  public KvCache(AttentionShape shape, KvCacheDtype dtype, int numLayers, int numBlocks) {
    int firstElement = FIRST_ELEMENT_BYTES / dtype.bytes();
    long mostBlocks = (MAX_ELEMENTS - firstElement) / shape.blockElements();
    if (numBlocks < 1 || numBlocks > mostBlocks) {
      throw new IllegalArgumentException(
          "the key/value cache has 1 to "
              + mostBlocks
              + " blocks for a model with "
              + shape.numKeyValueHeads()
              + " key/value heads of "
              + shape.headDim()
              + " dimensions, found "
              + numBlocks
              + "; lower or raise kv_cache_memory");
    }
    this.dtype = dtype;
    int layerElements = shape.blockElements() * numBlocks;
    int layersPerSlab = (int) Math.max(1, SLAB_BYTES / dtype.bytes() / layerElements);
    layers = new KeyValueBlocks[numLayers];
    for (int first = 0; first < numLayers; first += layersPerSlab) {
      int count = Math.min(layersPerSlab, numLayers - first);
      int elements = firstElement + count * layerElements;
      float[] floats = dtype == KvCacheDtype.FLOAT32 ? new float[elements] : null;
      short[] bfloat16s = dtype == KvCacheDtype.BFLOAT16 ? new short[elements] : null;
      for (int i = 0; i < count; i++) {
        int offset = firstElement + i * layerElements;
        layers[first + i] =
            dtype == KvCacheDtype.FLOAT32
                ? KeyValueBlocks.of(shape, floats, offset)
                : KeyValueBlocks.of(shape, bfloat16s, offset);
      }
    }
  }

  /** Memory of one block, all layers together. */
  public static long bytesPerBlock(AttentionShape shape, KvCacheDtype dtype, int numLayers) {
    return (long) numLayers * shape.blockElements() * dtype.bytes();
  }

  /** How it stores numbers. */
  public KvCacheDtype dtype() {
    return dtype;
  }

  /** The blocks of a layer. */
  public KeyValueBlocks layer(int layer) {
    return layers[layer];
  }

  /** Copies the keys and values of a block, in all layers. */
  public void copyBlock(int source, int target) {
    for (KeyValueBlocks layer : layers) {
      layer.copy(source, target);
    }
  }
}
