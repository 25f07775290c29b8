package org.trlm.onednn;

import java.util.Arrays;
import java.util.Random;
import org.trlm.engine.kernel.Kernels;

/**
 * Tries a product on this CPU before a model uses it, with made-up activations and the model's own
 * weights: it must be right, and every token count must return the same bits for the same row,
 * wherever the row is. oneDNN promises neither for all CPUs, and chooses its code by shape and CPU.
 */
final class ProductTrial {

  /** Relative to the sum of the terms' magnitudes; float32 sums stay a hundred times closer. */
  private static final double TOLERANCE = 1e-3;

  private static final int NUM_CHECKED = 5;

  private final Kernels rounding;
  private final Scratch scratch;
  private final PackedMatrix.Chunk chunk;
  private final Product product;
  private final int numCols;
  private final int numTokens = Product.tokens(Product.referenceSize());
  private final float[] x;

  ProductTrial(Kernels rounding, Scratch scratch, PackedMatrix.Chunk chunk, int numCols) {
    this.rounding = rounding;
    this.scratch = scratch;
    this.chunk = chunk;
    this.product = chunk.product();
    this.numCols = numCols;
    this.x = new float[numTokens * numCols];
    Random random = new Random(numCols);
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
  }

  /**
   * Drops the token counts whose bits differ from those of the reference.
   *
   * @throws IllegalStateException if the product is wrong
   */
  void run() {
    float[] reference = products(Product.referenceSize(), 0, numTokens);
    checkValues(reference);
    for (int size = 0; size < Product.numSizes(); size++) {
      if (product.has(size) && !givesTheSameBits(size, reference)) {
        product.drop(size);
      }
    }
  }

  private void checkValues(float[] reference) {
    float[] rounded = roundedRow(0);
    float[] weights = new float[numCols];
    for (int i = 0; i < NUM_CHECKED; i++) {
      int row = (int) ((product.numRows() - 1L) * i / (NUM_CHECKED - 1));
      product.readRow(chunk.weights(), row, weights, 0, numCols);
      double expected = 0;
      double magnitude = 0;
      for (int col = 0; col < numCols; col++) {
        double term = (double) rounded[col] * weights[col];
        expected += term;
        magnitude += Math.abs(term);
      }
      if (!(Math.abs(reference[row] - expected) <= TOLERANCE * magnitude)) {
        throw new IllegalStateException(
            "oneDNN's product ("
                + product.implementation()
                + ") is wrong on this CPU: output "
                + row
                + " of a matrix "
                + product.numRows()
                + " x "
                + numCols
                + " should be "
                + expected
                + ", found "
                + reference[row]
                + OneDnnProvider.ADVICE);
      }
    }
  }

  private float[] roundedRow(int row) {
    int half = (numCols + 1) / 2;
    int[] pairs = new int[half];
    rounding.roundToBfloat16(x, row * numCols, numCols, pairs, 0);
    float[] rounded = new float[2 * half];
    for (int i = 0; i < half; i++) {
      rounded[i] = Float.intBitsToFloat(pairs[i] << 16);
      rounded[half + i] = Float.intBitsToFloat(pairs[i] & 0xffff0000);
    }
    return rounded;
  }

  /** At the first rows and at the last ones that fit, full and with one row alone. */
  private boolean givesTheSameBits(int size, float[] reference) {
    int count = Math.min(Product.tokens(size), numTokens);
    int last = numTokens - count;
    return equalBits(products(size, 0, count), reference, 0)
        && equalBits(products(size, last, count), reference, last)
        && equalBits(products(size, numTokens / 2, 1), reference, numTokens / 2);
  }

  private boolean equalBits(float[] found, float[] reference, int firstToken) {
    int from = firstToken * product.numRows();
    return Arrays.equals(found, 0, found.length, reference, from, from + found.length);
  }

  private float[] products(int size, int firstToken, int count) {
    float[] out = new float[count * product.numRows()];
    scratch.load(rounding, x, firstToken * numCols, numCols, count, numCols, size);
    scratch.multiply(product, size, chunk.weights());
    scratch.store(product, count, out, 0, product.numRows());
    return out;
  }
}
