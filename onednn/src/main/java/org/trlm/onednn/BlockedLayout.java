package org.trlm.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Where an element of a packed matrix is: oneDNN's blocked format, in which the offsets of the two
 * indexes add up. An index is cut into digits by the inner blocks of its dimension, innermost
 * first; what is left goes by the stride of the dimension.
 */
final class BlockedLayout {

  private final long[] strides = new long[2];
  private final long[] blocks;
  private final long[] dimensions;

  /**
   * @throws IllegalStateException if the format is not a blocked one
   */
  BlockedLayout(dnnl_memory_desc matrix) {
    int[] kind = new int[1];
    try (IntPointer number = new IntPointer(1);
        PointerPointer<LongPointer> array = new PointerPointer<>(1)) {
      query(matrix, dnnl.dnnl_query_format_kind, number);
      kind[0] = number.get();
      if (kind[0] != dnnl.dnnl_blocked) {
        throw new IllegalStateException(
            "oneDNN packs weights in a format that cannot be read back, kind " + kind[0]);
      }
      query(matrix, dnnl.dnnl_query_inner_nblks_s32, number);
      blocks = new long[number.get()];
      dimensions = new long[number.get()];
      read(matrix, dnnl.dnnl_query_strides, array, strides);
      read(matrix, dnnl.dnnl_query_inner_blks, array, blocks);
      read(matrix, dnnl.dnnl_query_inner_idxs, array, dimensions);
    }
  }

  /** Elements from the start that the index in that dimension (0: inputs, 1: outputs) adds. */
  int offset(int dimension, int index) {
    long rest = index;
    long offset = 0;
    long blockStride = 1;
    for (int block = blocks.length - 1; block >= 0; block--) {
      if (dimensions[block] == dimension) {
        offset += rest % blocks[block] * blockStride;
        rest /= blocks[block];
      }
      blockStride *= blocks[block];
    }
    return Math.toIntExact(offset + rest * strides[dimension]);
  }

  private static void read(
      dnnl_memory_desc matrix, int what, PointerPointer<LongPointer> array, long[] values) {
    if (values.length == 0) {
      return;
    }
    query(matrix, what, array);
    new LongPointer(array.get(0)).get(values);
  }

  private static void query(
      dnnl_memory_desc matrix, int what, org.bytedeco.javacpp.Pointer result) {
    OneDnn.check(dnnl.dnnl_memory_desc_query(matrix, what, result), "describe packed weights");
  }
}
