package org.trlm.engine.weights;

import java.util.Set;

/**
 * The tensors of one opened checkpoint, in the dtype they were stored in. Read by the model when it
 * packs its weights, once per JVM; implementations are immutable and safe for many threads.
 */
public interface WeightSource {

  /** Which names and row order to expect. */
  CheckpointFormat format();

  /** The file or directory, for messages. */
  String where();

  /** All tensors, in file order. */
  Set<String> tensorNames();

  /**
   * @throws WeightFormatException when the checkpoint has no such tensor
   */
  TensorInfo tensor(String name);

  default boolean contains(String name) {
    return tensorNames().contains(name);
  }

  /**
   * Decodes one row of the last dimension to float32: {@code tensor(name).rowLength()} values
   * written to {@code into} from index {@code at} on. Values may be NaN or infinite; see {@link
   * FiniteWeights}.
   *
   * @param row 0 … {@code tensor(name).rows()} - 1, counted over all outer dimensions
   * @throws WeightFormatException when the tensor does not exist or its type is not readable
   * @throws IndexOutOfBoundsException when the row does not exist or {@code into} is too short
   */
  void readRow(String name, long row, float[] into, int at);

  /** Whether the tensor is stored as BF16, so that packing it as bfloat16 loses nothing. */
  default boolean isExactlyBfloat16(String name) {
    return tensor(name).type() == WeightType.BF16;
  }
}
