package org.trlm.engine.kernel;

import static org.trlm.engine.kernel.AttentionScratch.BLOCKS;
import static org.trlm.engine.kernel.Kernels.BLOCK_TOKENS;
import static org.trlm.engine.kernel.VectorShape.LANES;
import static org.trlm.engine.kernel.VectorShape.SHORTS;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Brings the keys, or the values, of up to four blocks of the cache to the kernels, as floats:
 * float32 ones stay where they are, bfloat16 ones are widened to scratch, once for all heads and
 * queries that compute on them. Both read the blocks side by side: four pages of memory at a time
 * come nearly twice as fast as one after the other.
 */
final class NearBlocks {

  private static final int HIGH_HALF = 0xffff0000;

  /** Keeps what was touched alive; never read, so that races on it do not matter. */
  private static int touched;

  private NearBlocks() {}

  /**
   * Brings a part of the blocks of the keys {@code [key, end)}; {@code scratch.starts} say where it
   * begins in the array that is returned, for each block.
   *
   * @param partAt where the part begins in a block: that of a head, or of all heads
   * @param elements of the part
   * @param key the first key of a group of four blocks
   */
  static float[] bring(
      KeyValueBlocks cache,
      int partAt,
      int elements,
      int[] blockTable,
      int key,
      int end,
      AttentionScratch scratch) {
    int[] starts = scratch.starts;
    int first = key / BLOCK_TOKENS;
    int numBlocks = Math.min(BLOCKS, (end - key + BLOCK_TOKENS - 1) / BLOCK_TOKENS);
    for (int i = 0; i < BLOCKS; i++) {
      // those past the end are the first one again
      starts[i] = cache.blockAt(blockTable[i < numBlocks ? first + i : first]) + partAt;
    }
    if (cache.dtype() == KvCacheDtype.FLOAT32) {
      if (LANES < BLOCK_TOKENS) { // kernels of 512 bits read from several blocks themselves
        touch(cache.floats(), starts[0], starts[1], starts[2], starts[3], elements);
      }
      return cache.floats();
    }
    widen(cache.bfloat16s(), starts[0], starts[1], starts[2], starts[3], elements, scratch.widened);
    for (int i = 0; i < BLOCKS; i++) {
      starts[i] = i < numBlocks ? i * elements : 0;
    }
    return scratch.widened;
  }

  /** Reads a line a step of each of four blocks. */
  private static void touch(float[] cache, int a, int b, int c, int d, int elements) {
    int bits = 0;
    for (int i = 0; i < elements; i += BLOCK_TOKENS) {
      bits ^= Float.floatToRawIntBits(cache[a + i]);
      bits ^= Float.floatToRawIntBits(cache[b + i]);
      bits ^= Float.floatToRawIntBits(cache[c + i]);
      bits ^= Float.floatToRawIntBits(cache[d + i]);
    }
    touched ^= bits;
  }

  /** Widens a part of four blocks, which come after one another then. */
  private static void widen(
      short[] cache, int a, int b, int c, int d, int elements, float[] widened) {
    for (int i = 0; i < elements; i += KeyValueBlocks.PAIRED) {
      widenRuns(cache, a + i, widened, i);
      widenRuns(cache, b + i, widened, elements + i);
      widenRuns(cache, c + i, widened, 2 * elements + i);
      widenRuns(cache, d + i, widened, 3 * elements + i);
    }
  }

  /** Two runs that are paired: the low halves are the first one. */
  private static void widenRuns(short[] cache, int from, float[] widened, int to) {
    for (int lane = 0; lane < BLOCK_TOKENS; lane += LANES) {
      IntVector pairs = ShortVector.fromArray(SHORTS, cache, from + 2 * lane).reinterpretAsInts();
      pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(widened, to + lane);
      pairs.and(HIGH_HALF).reinterpretAsFloats().intoArray(widened, to + BLOCK_TOKENS + lane);
    }
  }
}
