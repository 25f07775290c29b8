package org.trlm.engine.kernel;

import java.util.Optional;

/**
 * An accelerator that computes the products of one {@link ComputeMode}. Found by {@link
 * java.util.ServiceLoader}, so that it may come in a jar of its own beside the job's; {@link
 * KernelProvider} is the only caller. Safe from any thread; instances come and go, what they hold
 * belongs to the JVM.
 */
public interface ComputeProvider {

  /** The mode that this provider computes; never {@link ComputeMode#EXACT}. */
  ComputeMode mode();

  /**
   * Why it cannot compute on this machine, as a sentence that names the CPU feature or the library
   * that is missing and how to mend it; empty when it can. Decided once per JVM; loads the native
   * library where the CPU has the feature.
   */
  Optional<String> missing();

  /**
   * What packs matrices that the accelerator multiplies with.
   *
   * @param others compute everything else; their name is a part of this one's
   * @throws IllegalStateException if something is {@link #missing()}
   */
  MatrixPacker packer(Kernels others);

  /**
   * Bytes off the heap that this JVM holds for the provider now: packed weights, and the scratch of
   * every thread that multiplied. Not part of the heap's budget.
   */
  long offHeapBytes();
}
