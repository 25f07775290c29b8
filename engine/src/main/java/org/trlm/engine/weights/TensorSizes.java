package org.trlm.engine.weights;

/** The size of a tensor from its shape, with every product checked. */
final class TensorSizes {
  private TensorSizes() {}

  /**
   * Bytes that the tensor takes in the file.
   *
   * @throws WeightFormatException when the product overflows or is no whole number of blocks a row
   */
  static long bytes(TensorInfo info, String where) {
    WeightType type = info.type();
    try {
      long elements = 1;
      for (long dimension : info.shape()) {
        elements = Math.multiplyExact(elements, dimension);
      }
      // block formats are laid out row by row, so that a row can be read alone
      long unit = type.safetensorsDtype() ? elements : info.rowLength();
      if (unit % type.blockSize() != 0) {
        throw new WeightFormatException(
            where
                + ": tensor "
                + info
                + " has rows of "
                + unit
                + " values; allowed for "
                + type
                + ": multiples of "
                + type.blockSize()
                + ". Convert the model again.");
      }
      return Math.multiplyExact(elements / type.blockSize(), (long) type.blockBytes());
    } catch (ArithmeticException e) {
      throw new WeightFormatException(
          where + ": tensor " + info + " has more than 2^63 bytes. Convert the model again.", e);
    }
  }
}
