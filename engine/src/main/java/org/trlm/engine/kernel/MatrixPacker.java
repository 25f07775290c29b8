package org.trlm.engine.kernel;

import java.util.List;

/**
 * Packs weight matrices for the products of one provider. Called once per model; holds no state of
 * its own.
 */
public interface MatrixPacker {

  /** Name for reports, with the vector width in bits where there is one: {@code vector-512}. */
  String name();

  /**
   * Copies weight matrices into the layout that this provider multiplies with. All matrices of a
   * model are given together so that they share a few large arrays.
   *
   * @throws IllegalArgumentException if a matrix exceeds the size of a Java array; the message
   *     carries the matrix's label
   */
  List<WeightMatrix> pack(List<MatrixRows> matrices);
}
