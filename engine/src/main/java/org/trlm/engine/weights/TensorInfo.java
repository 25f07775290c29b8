package org.trlm.engine.weights;

import java.util.Arrays;

/**
 * What a checkpoint says about one tensor. Its rows are those of the last dimension: a matrix
 * (outputs, inputs) has one row an output, a vector is one row.
 *
 * @param name as stored in the file
 * @param type how the values are stored
 * @param shape row-major, outermost first, whatever order the file uses; empty for a scalar; not to
 *     be changed by callers
 */
public record TensorInfo(String name, WeightType type, long[] shape) {

  /** Values of one row: the last dimension, 1 for a scalar. */
  public long rowLength() {
    return shape.length == 0 ? 1 : shape[shape.length - 1];
  }

  /** Product of all dimensions but the last; 1 for vectors and scalars. */
  public long rows() {
    long rows = 1;
    for (int i = 0; i < shape.length - 1; i++) {
      rows = Math.multiplyExact(rows, shape[i]);
    }
    return rows;
  }

  public boolean hasShape(long... expected) {
    return Arrays.equals(shape, expected);
  }

  /** Bytes of one row as stored. */
  long rowBytes() {
    return Math.multiplyExact(rowLength() / type.blockSize(), (long) type.blockBytes());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorInfo that
        && name.equals(that.name)
        && type == that.type
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name + " " + type + " " + Arrays.toString(shape);
  }
}
