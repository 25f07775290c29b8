package org.trlm.engine.kernel;

/**
 * Chooses the implementation of {@link Kernels}. The vector classes are loaded only after the JVM
 * is known to have their module, so that a JVM without it gets a message instead of a linkage
 * error.
 */
public final class KernelProvider {

  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private KernelProvider() {}

  /**
   * The Vector API implementation at the CPU's preferred width.
   *
   * @throws IllegalStateException if this JVM was started without the module, or the CPU has no
   *     vectors of at least 128 bits
   */
  public static Kernels vector() {
    if (!moduleResolved()) {
      throw new IllegalStateException(
          "The vector kernels need the JVM module "
              + VECTOR_MODULE
              + ", which this JVM (Java "
              + Runtime.version()
              + ") was started without; add --add-modules "
              + VECTOR_MODULE
              + " to its options, or ask for the scalar kernels");
    }
    if (VectorShape.bits() < VectorShape.LOWEST_BITS) {
      throw new IllegalStateException(
          "The vector kernels need vectors of at least "
              + VectorShape.LOWEST_BITS
              + " bits, found "
              + VectorShape.bits()
              + " preferred by this JVM on this CPU; ask for the scalar kernels");
    }
    return new VectorKernels();
  }

  /** The scalar definition: any JVM, slow. */
  public static Kernels scalar() {
    return new ScalarKernels();
  }

  /** Whether {@link #vector()} would return. */
  public static boolean vectorAvailable() {
    return moduleResolved() && VectorShape.bits() >= VectorShape.LOWEST_BITS;
  }

  private static boolean moduleResolved() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }
}
