package org.trlm.engine.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this JVM, as constants that the compiler can fold. */
final class VectorShape {

  /** The preferred species, 512 bits at most: a vector never exceeds the 16 partial sums. */
  static final VectorSpecies<Float> FLOATS =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);

  static final VectorSpecies<Short> SHORTS = FLOATS.withLanes(short.class);

  /** Floats of one vector. */
  static final int LANES = FLOATS.length();

  /** Narrower vectors would be slower than the scalar code. */
  static final int LOWEST_BITS = 128;

  private VectorShape() {}

  static int bits() {
    return FLOATS.vectorBitSize();
  }
}
