package org.trlm.onednn;

import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;
import org.trlm.engine.kernel.ComputeMode;
import org.trlm.engine.kernel.ComputeProvider;
import org.trlm.engine.kernel.KernelProvider;
import org.trlm.engine.kernel.Kernels;
import org.trlm.engine.kernel.MatrixPacker;

/**
 * {@link ComputeMode#BF16} by oneDNN. Made by {@link java.util.ServiceLoader}; what it finds out
 * and loads belongs to the JVM.
 */
public final class OneDnnProvider implements ComputeProvider {

  /**
   * System property that asks for the emulation of bfloat16 by float32, for tests on machines
   * without the units: {@code true} for the code of AVX2 on every x86-64 that has it, so that a
   * test takes the same way everywhere; {@code uncapped} for all of the CPU, to measure. Never
   * chosen otherwise.
   */
  public static final String EMULATE = "trlm.onednn.emulate";

  /** How a message ends that says why products are not possible. */
  static final String ADVICE = "; ask for compute mode exact";

  private static Decision decision;

  /** Either what is missing, or the library. */
  private record Decision(Optional<String> missing, OneDnn library, Precision precision) {

    static Decision missing(String what) {
      return new Decision(Optional.of(what), null, null);
    }
  }

  @Override
  public ComputeMode mode() {
    return ComputeMode.BF16;
  }

  @Override
  public Optional<String> missing() {
    return decide().missing();
  }

  @Override
  public MatrixPacker packer(Kernels others) {
    Decision made = decide();
    if (made.missing().isPresent()) {
      throw new IllegalStateException(made.missing().get());
    }
    return new OneDnnPacker(made.library(), made.precision(), others);
  }

  @Override
  public long offHeapBytes() {
    return OneDnn.heldBytes();
  }

  private static synchronized Decision decide() {
    if (decision == null) {
      decision = newDecision();
    }
    return decision;
  }

  private static Decision newDecision() {
    String architecture = System.getProperty("os.arch");
    String emulate = System.getProperty(EMULATE, "false");
    Optional<String> missing =
        CpuUnits.missingPlatform(System.getProperty("os.name"), architecture);
    if (missing.isEmpty() && emulate.equals("false")) {
      missing = CpuUnits.missingUnits(architecture);
    }
    if (missing.isPresent()) {
      return Decision.missing(missing.get());
    }
    try {
      OneDnn.loadLibrary();
    } catch (LinkageError | RuntimeException e) {
      return Decision.missing(
          "compute mode bf16 cannot load oneDNN's native library ("
              + e
              + "); it is unpacked from trlm-spark-onednn.jar into ~/.javacpp/cache or the"
              + " directory that the system property org.bytedeco.javacpp.cachedir names, which must"
              + " be writable and allow executables; mend that, or ask for compute mode exact");
    }
    if (emulate.equals("true")) {
      // no effect on arm64, whose emulation is the same code on all CPUs anyway
      dnnl.dnnl_set_max_cpu_isa(dnnl.dnnl_cpu_isa_avx2);
    }
    return opened(
        emulate.equals("false") ? Precision.onUnits(architecture) : List.of(Precision.EMULATED));
  }

  /** Tries small products, so that a CPU that oneDNN does not serve is known before any task. */
  private static Decision opened(List<Precision> candidates) {
    Decision first = null;
    for (Precision precision : candidates) {
      Decision made = opened(precision);
      if (made.missing().isEmpty()) {
        return made;
      }
      first = first == null ? made : first;
    }
    return first;
  }

  private static Decision opened(Precision precision) {
    try {
      OneDnn library = OneDnn.open();
      PackedModel.tryOut(library, precision, KernelProvider.scalar());
      return new Decision(Optional.empty(), library, precision);
    } catch (IllegalStateException e) {
      String why = e.getMessage();
      return Decision.missing(
          "compute mode bf16 is not possible on this machine: "
              + why
              + (why.endsWith(ADVICE) ? "" : ADVICE));
    }
  }
}
