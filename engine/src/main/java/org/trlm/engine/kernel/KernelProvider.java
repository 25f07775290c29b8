package org.trlm.engine.kernel;

import java.util.Iterator;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Chooses the implementation of {@link Kernels}, and finds the accelerators ({@link
 * ComputeProvider}) that the class path brings. The vector classes are loaded only after the JVM is
 * known to have their module, so that a JVM without it gets a message instead of a linkage error.
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

  /**
   * What packs the matrices of a model in a mode. Never another mode's: what is missing is said.
   *
   * @param others what {@link ComputeMode#EXACT} computes with, and every other mode what it does
   *     not accelerate: {@link #vector()}, or {@link #scalar()} where that is allowed
   * @throws IllegalStateException if this machine or class path cannot compute in that mode, naming
   *     what is missing and how to mend it
   */
  public static MatrixPacker packer(ComputeMode mode, Kernels others) {
    if (mode == ComputeMode.EXACT) {
      return others;
    }
    Optional<String> missing = missing(mode);
    if (missing.isPresent()) {
      throw new IllegalStateException(missing.get());
    }
    return provider(mode).orElseThrow().packer(others);
  }

  /**
   * Why {@link #packer} would throw on this machine, as a sentence for users; empty when it would
   * not. Cheap after the first call.
   */
  public static Optional<String> missing(ComputeMode mode) {
    if (mode == ComputeMode.EXACT) {
      return Optional.empty();
    }
    try {
      Optional<ComputeProvider> provider = provider(mode);
      return provider.isPresent()
          ? provider.get().missing()
          : Optional.of(
              "compute mode "
                  + mode.spelling()
                  + " needs trlm-spark-onednn.jar on the class path of the driver and the"
                  + " executors, and it is not there; add --jars trlm-spark-onednn.jar to"
                  + " spark-submit, or ask for compute mode exact");
    } catch (ServiceConfigurationError e) {
      return Optional.of(
          "compute mode "
              + mode.spelling()
              + " has a provider on the class path that cannot be loaded ("
              + e.getMessage()
              + "); use the trlm-spark-onednn.jar of this version, or ask for compute mode exact");
    }
  }

  /** Bytes off the heap that this JVM holds for a mode now; 0 where there is no provider. */
  public static long offHeapBytes(ComputeMode mode) {
    return mode == ComputeMode.EXACT || missing(mode).isPresent()
        ? 0
        : provider(mode).orElseThrow().offHeapBytes();
  }

  /** By the thread's own class loader: a jar that was added at submit time is seen by it alone. */
  private static Optional<ComputeProvider> provider(ComputeMode mode) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    Iterator<ComputeProvider> providers =
        ServiceLoader.load(
                ComputeProvider.class,
                loader != null ? loader : KernelProvider.class.getClassLoader())
            .iterator();
    while (providers.hasNext()) {
      ComputeProvider provider = providers.next();
      if (provider.mode() == mode) {
        return Optional.of(provider);
      }
    }
    return Optional.empty();
  }

  private static boolean moduleResolved() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }
}
