package org.trlm.onednn;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;
import org.trlm.engine.kernel.Kernels;

/**
 * What one thread needs while it multiplies: activations, products and scratch memory off the heap,
 * and the argument lists of the products. Made for the largest product of a model, used by one
 * thread at a time, freed with the model.
 */
final class Scratch {

  private static final int WEIGHTS_ARGUMENT = 1;

  private final OneDnn library;
  private final Precision precision;
  private final dnnl_stream stream = new dnnl_stream();
  private final NativeMemory input;
  private final NativeMemory output;
  private final NativeMemory scratchpad;
  private final IntBuffer inputWords;
  private final FloatBuffer outputValues;

  /** {@code [tokens of a size][pairs of a row]} */
  private final int[] pairs;

  /** What goes off the heap: the pairs themselves, unless they are emulated or in blocks. */
  private final int[] words;

  private final Map<Product, Call[]> calls = new HashMap<>();

  Scratch(OneDnn library, Precision precision, Iterable<Product> products) {
    this.library = library;
    this.precision = precision;
    int mostPairs = 0;
    int mostRows = 0;
    long scratchBytes = 1;
    for (Product product : products) {
      mostPairs = Math.max(mostPairs, product.numPairs());
      mostRows = Math.max(mostRows, product.numRows());
      for (int size = 0; size < Product.numSizes(); size++) {
        if (product.has(size)) {
          scratchBytes =
              Math.max(
                  scratchBytes,
                  dnnl.dnnl_memory_desc_get_size(
                      product.description(size, dnnl.dnnl_query_scratchpad_md)));
        }
      }
    }
    OneDnn.check(
        dnnl.dnnl_stream_create(stream, library.engine(), dnnl.dnnl_stream_default_flags),
        "create a stream");
    pairs = new int[Product.MAX_TOKENS * mostPairs];
    int mostWords = precision.activationWords(Product.MAX_TOKENS, mostPairs);
    words = precision == Precision.BFLOAT16 ? pairs : new int[mostWords];
    input = bytes(4L * mostWords);
    output = bytes(4L * Product.MAX_TOKENS * mostRows);
    scratchpad = bytes(scratchBytes);
    inputWords = input.buffer().asIntBuffer();
    outputValues = output.buffer().asFloatBuffer();
  }

  private NativeMemory bytes(long bytes) {
    dnnl_memory_desc shape = new dnnl_memory_desc();
    OneDnn.check(
        dnnl.dnnl_memory_desc_create_with_tag(
            shape, 1, new long[] {bytes}, dnnl.dnnl_u8, dnnl.dnnl_a),
        "describe scratch memory");
    NativeMemory memory = library.allocate(shape);
    dnnl.dnnl_memory_desc_destroy(shape);
    return memory;
  }

  /**
   * Rounds rows of activations to where the next products of a size read them.
   *
   * @param numTokens rows given; those up to the size's tokens become zero
   */
  void load(
      Kernels rounding, float[] x, int xOffset, int xStride, int numTokens, int numCols, int size) {
    int rowPairs = (numCols + 1) / 2;
    for (int token = 0; token < numTokens; token++) {
      rounding.roundToBfloat16(x, xOffset + token * xStride, numCols, pairs, token * rowPairs);
    }
    int allTokens = Product.tokens(size);
    Arrays.fill(pairs, numTokens * rowPairs, allTokens * rowPairs, 0);
    precision.arrange(pairs, allTokens, rowPairs, words);
    inputWords.put(0, words, 0, precision.activationWords(allTokens, rowPairs));
  }

  /** Multiplies what was loaded for that size with weights of the product's shape. */
  void multiply(Product product, int size, NativeMemory weights) {
    Call call = call(product, size);
    call.weights.memory(weights.memory());
    OneDnn.check(
        dnnl.dnnl_primitive_execute(
            product.primitive(size), stream, Call.NUM_ARGUMENTS, call.arguments),
        "multiply");
    OneDnn.check(dnnl.dnnl_stream_wait(stream), "finish a product");
  }

  /** Copies the first rows of the last product. */
  void store(Product product, int numTokens, float[] out, int outOffset, int outStride) {
    int numRows = product.numRows();
    for (int token = 0; token < numTokens; token++) {
      outputValues.get(token * numRows, out, outOffset + token * outStride, numRows);
    }
  }

  private Call call(Product product, int size) {
    Call[] ofProduct = calls.get(product);
    if (ofProduct == null) {
      ofProduct = new Call[Product.numSizes()];
      calls.put(product, ofProduct);
    }
    if (ofProduct[size] == null) {
      ofProduct[size] = new Call(product, size);
    }
    return ofProduct[size];
  }

  void free() {
    for (Call[] ofProduct : calls.values()) {
      for (Call call : ofProduct) {
        if (call != null) {
          call.free();
        }
      }
    }
    calls.clear();
    input.free();
    output.free();
    scratchpad.free();
    dnnl.dnnl_stream_destroy(stream);
  }

  /** The arguments of one product at one size; the weights are set before each use. */
  private final class Call {
    static final int NUM_ARGUMENTS = 4;

    final Pointer memory = Pointer.calloc(NUM_ARGUMENTS, new dnnl_exec_arg_t(null).sizeof());
    final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(memory);
    final dnnl_exec_arg_t weights = argument(WEIGHTS_ARGUMENT, dnnl.DNNL_ARG_WEIGHTS);
    private final dnnl_memory[] views;

    Call(Product product, int size) {
      views =
          new dnnl_memory[] {
            view(0, dnnl.DNNL_ARG_SRC, product, size, dnnl.dnnl_query_src_md, input),
            view(2, dnnl.DNNL_ARG_DST, product, size, dnnl.dnnl_query_dst_md, output),
            view(
                3,
                dnnl.DNNL_ARG_SCRATCHPAD,
                product,
                size,
                dnnl.dnnl_query_scratchpad_md,
                scratchpad)
          };
    }

    private dnnl_memory view(
        int index, int name, Product product, int size, int what, NativeMemory bytes) {
      dnnl_memory view = new dnnl_memory();
      OneDnn.check(
          dnnl.dnnl_memory_create(
              view, product.description(size, what), library.engine(), bytes.address()),
          "name scratch memory");
      argument(index, name).memory(view);
      return view;
    }

    private dnnl_exec_arg_t argument(int index, int name) {
      return arguments.getPointer(index).arg(name);
    }

    void free() {
      for (dnnl_memory view : views) {
        dnnl.dnnl_memory_destroy(view);
      }
      Pointer.free(memory);
    }
  }
}
