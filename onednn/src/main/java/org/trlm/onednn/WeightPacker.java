package org.trlm.onednn;

import java.nio.IntBuffer;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixRows;

/** Rounds rows of a weight matrix to bfloat16 and has oneDNN lay them out for its products. */
final class WeightPacker {

  private WeightPacker() {}

  /**
   * @param product of the chunk's shape
   * @param firstRow the chunk's first row in the matrix
   * @param packed gets the chunk
   */
  static void pack(
      OneDnn library,
      Precision precision,
      Kernels rounding,
      Product product,
      MatrixRows matrix,
      int firstRow,
      NativeMemory packed) {
    dnnl_memory_desc plain = rowMajor(product, precision);
    NativeMemory staging = library.allocate(plain);
    try {
      fill(staging.buffer().asIntBuffer(), precision, rounding, product, matrix, firstRow);
      reorder(library, plain, product.weightsLayout(), staging, packed);
    } finally {
      staging.free();
      dnnl.dnnl_memory_desc_destroy(plain);
    }
  }

  /** Outputs one after the other: {@code [inputs][outputs]} with the inputs contiguous. */
  private static dnnl_memory_desc rowMajor(Product product, Precision precision) {
    dnnl_memory_desc plain = new dnnl_memory_desc();
    long numCols = 2L * product.numPairs();
    OneDnn.check(
        dnnl.dnnl_memory_desc_create_with_strides(
            plain,
            2,
            new long[] {numCols, product.numRows()},
            precision.dataType(),
            new long[] {1, numCols}),
        "describe weights");
    return plain;
  }

  private static void fill(
      IntBuffer staging,
      Precision precision,
      Kernels rounding,
      Product product,
      MatrixRows matrix,
      int firstRow) {
    int numPairs = product.numPairs();
    int numWords = precision.words(numPairs);
    float[] row = new float[matrix.numCols()];
    int[] pairs = new int[numPairs];
    int[] words = precision.isBfloat16() ? pairs : new int[numWords];
    for (int i = 0; i < product.numRows(); i++) {
      matrix.reader().read(firstRow + i, row, 0);
      rounding.roundToBfloat16(row, 0, row.length, pairs, 0);
      precision.words(pairs, numPairs, words);
      staging.put(i * numWords, words, 0, numWords);
    }
  }

  private static void reorder(
      OneDnn library,
      dnnl_memory_desc from,
      dnnl_memory_desc to,
      NativeMemory source,
      NativeMemory target) {
    dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
    OneDnn.check(
        dnnl.dnnl_reorder_primitive_desc_create(
            descriptor, from, library.engine(), to, library.engine(), null),
        "lay out weights");
    dnnl_primitive primitive = new dnnl_primitive();
    dnnl_stream stream = new dnnl_stream();
    OneDnn.check(dnnl.dnnl_primitive_create(primitive, descriptor), "compile the packing");
    OneDnn.check(
        dnnl.dnnl_stream_create(stream, library.engine(), dnnl.dnnl_stream_default_flags),
        "create a stream");
    try (dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2)) {
      arguments.getPointer(0).arg(dnnl.DNNL_ARG_FROM).memory(source.memory());
      arguments.getPointer(1).arg(dnnl.DNNL_ARG_TO).memory(target.memory());
      OneDnn.check(dnnl.dnnl_primitive_execute(primitive, stream, 2, arguments), "pack weights");
      OneDnn.check(dnnl.dnnl_stream_wait(stream), "finish packing");
    } finally {
      dnnl.dnnl_stream_destroy(stream);
      dnnl.dnnl_primitive_destroy(primitive);
      dnnl.dnnl_primitive_desc_destroy(descriptor);
    }
  }
}
