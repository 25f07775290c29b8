package org.trlm.onednn;

import java.nio.ByteBuffer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The product with matrices of one shape, compiled by oneDNN for a few token counts. All of them
 * read the weights in the layout of {@link #REFERENCE}, and every one in use returns its bits: a
 * row's result does not depend on how many tokens were computed with it. Shared by all threads.
 */
final class Product {

  /** Token counts that rows are padded to, where they return the bits of the reference. */
  private static final int[] SIZES = {16, 32, 48, 64, 96, 128};

  /** Which of them defines the bits: a step of a batch that decodes. */
  private static final int REFERENCE = 3;

  /** The most tokens of one call. */
  static final int MAX_TOKENS = SIZES[SIZES.length - 1];

  private final int numPairs;
  private final int numRows;
  private final dnnl_primitive[] primitives = new dnnl_primitive[SIZES.length];
  private final dnnl_primitive_desc[] descriptors = new dnnl_primitive_desc[SIZES.length];
  private final String implementation;
  private final Precision precision;
  private final BlockedLayout layout;

  /** By input, what its index adds to the offset of a weight. */
  private final int[] columnOffsets;

  /**
   * @param numPairs inputs, in pairs
   * @param numRows outputs
   * @throws IllegalStateException if oneDNN has no fast product of that precision for this CPU
   */
  Product(OneDnn library, Precision precision, int numPairs, int numRows) {
    this.precision = precision;
    this.numPairs = numPairs;
    this.numRows = numRows;
    try (dnnl_memory_desc anyLayout = new dnnl_memory_desc()) {
      OneDnn.check(
          dnnl.dnnl_memory_desc_create_with_tag(
              anyLayout,
              2,
              new long[] {2L * numPairs, numRows},
              precision.dataType(),
              dnnl.dnnl_format_tag_any),
          "describe weights");
      int status = create(library.engine(), precision, REFERENCE, anyLayout);
      dnnl.dnnl_memory_desc_destroy(anyLayout);
      if (status != dnnl.dnnl_success) {
        throw new IllegalStateException(
            "oneDNN has no "
                + precision.spelling()
                + " product for this CPU (status "
                + status
                + "); is ONEDNN_MAX_CPU_ISA set?");
      }
    }
    implementation = implementation(REFERENCE);
    if (precision.isBfloat16()
        && !CpuUnits.areUsedBy(implementation, System.getProperty("os.arch"))) {
      free();
      throw new IllegalStateException(
          "oneDNN has no fast bf16 product for this CPU, only " + implementation);
    }
    layout = new BlockedLayout(weightsLayout());
    columnOffsets = new int[2 * numPairs];
    for (int col = 0; col < columnOffsets.length; col++) {
      int place = col < numPairs ? 2 * col : 2 * (col - numPairs) + 1;
      columnOffsets[col] = layout.offset(0, place);
    }
    for (int size = 0; size < SIZES.length; size++) {
      if (size != REFERENCE) {
        create(library.engine(), precision, size, weightsLayout());
        if (primitives[size] != null && !implementation(size).equals(implementation)) {
          drop(size);
        }
      }
    }
  }

  private int create(dnnl_engine engine, Precision precision, int size, dnnl_memory_desc weights) {
    dnnl_memory_desc source =
        matrix(SIZES[size], 2 * numPairs, precision.dataType(), precision.activationsLayout());
    dnnl_memory_desc output = matrix(SIZES[size], numRows, dnnl.dnnl_f32, dnnl.dnnl_ab);
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    OneDnn.check(dnnl.dnnl_primitive_attr_create(attributes), "create attributes");
    // tasks share a primitive, so its scratch memory is theirs
    OneDnn.check(
        dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl.dnnl_scratchpad_mode_user),
        "choose whose scratch memory is used");
    dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
    int status =
        dnnl.dnnl_matmul_primitive_desc_create(
            descriptor, engine, source, weights, null, output, attributes);
    if (status == dnnl.dnnl_success) {
      dnnl_primitive primitive = new dnnl_primitive();
      OneDnn.check(dnnl.dnnl_primitive_create(primitive, descriptor), "compile a product");
      primitives[size] = primitive;
      descriptors[size] = descriptor;
    }
    dnnl.dnnl_primitive_attr_destroy(attributes);
    dnnl.dnnl_memory_desc_destroy(source);
    dnnl.dnnl_memory_desc_destroy(output);
    return status;
  }

  private static dnnl_memory_desc matrix(int numRows, int numCols, int dataType, int layout) {
    dnnl_memory_desc matrix = new dnnl_memory_desc();
    OneDnn.check(
        dnnl.dnnl_memory_desc_create_with_tag(
            matrix, 2, new long[] {numRows, numCols}, dataType, layout),
        "describe a matrix");
    return matrix;
  }

  private String implementation(int size) {
    try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
      OneDnn.check(
          dnnl.dnnl_primitive_desc_query(descriptors[size], dnnl.dnnl_query_impl_info_str, 0, text),
          "name its implementation");
      return new BytePointer(text.get(0)).getString();
    }
  }

  /** Values of one row of the input, in pairs. */
  int numPairs() {
    return numPairs;
  }

  /** Values of one row of the output. */
  int numRows() {
    return numRows;
  }

  /** oneDNN's name for how it computes. */
  String implementation() {
    return implementation;
  }

  /** How the weights must be laid out. */
  dnnl_memory_desc weightsLayout() {
    return description(REFERENCE, dnnl.dnnl_query_weights_md);
  }

  /** Reads one row of packed weights in the order of its columns. */
  void readRow(NativeMemory weights, int row, float[] out, int outOffset, int numCols) {
    int rowOffset = layout.offset(1, row);
    ByteBuffer bytes = weights.buffer();
    for (int col = 0; col < numCols; col++) {
      int at = (rowOffset + columnOffsets[col]) * precision.bytes();
      out[outOffset + col] =
          precision.isBfloat16()
              ? Float.intBitsToFloat(bytes.getShort(at) << 16)
              : bytes.getFloat(at);
    }
  }

  /** A part of the product of one size: its input, output or scratch memory. */
  dnnl_memory_desc description(int size, int what) {
    return dnnl.dnnl_primitive_desc_query_md(descriptors[size], what, 0);
  }

  dnnl_primitive primitive(int size) {
    return primitives[size];
  }

  static int numSizes() {
    return SIZES.length;
  }

  /** Tokens of a size. */
  static int tokens(int size) {
    return SIZES[size];
  }

  static int referenceSize() {
    return REFERENCE;
  }

  boolean has(int size) {
    return primitives[size] != null;
  }

  /** The smallest size with room for so many tokens that both have, or their largest. */
  int sizeFor(int numTokens, Product other) {
    int largest = REFERENCE;
    for (int size = 0; size < SIZES.length; size++) {
      if (has(size) && other.has(size)) {
        if (SIZES[size] >= numTokens) {
          return size;
        }
        largest = Math.max(largest, size);
      }
    }
    return largest;
  }

  /** Does without a size, because its bits differ or it is slow. Before other threads know it. */
  void drop(int size) {
    dnnl.dnnl_primitive_destroy(primitives[size]);
    dnnl.dnnl_primitive_desc_destroy(descriptors[size]);
    primitives[size] = null;
    descriptors[size] = null;
  }

  void free() {
    for (int size = 0; size < SIZES.length; size++) {
      if (has(size)) {
        drop(size);
      }
    }
  }
}
