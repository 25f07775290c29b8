package org.trlm.onednn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Whether this machine has units that multiply bfloat16, from what Linux says of its CPU. */
final class CpuUnits {

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** Names of the units in the flags of x86-64 and in the features of arm64. */
  private static final List<String> X86_FLAGS = List.of("amx_bf16", "avx512_bf16");

  private static final List<String> ARM_FEATURES = List.of("bf16");

  private CpuUnits() {}

  /** Why this machine cannot run the natives of this module; empty when it can. */
  static Optional<String> missingPlatform(String osName, String architecture) {
    if (osName.equals("Linux") && !unitFlags(architecture).isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "compute mode bf16 has native libraries for Linux on amd64 and aarch64, this JVM runs on "
            + osName
            + " on "
            + architecture
            + "; ask for compute mode exact");
  }

  /** Why the CPU cannot; empty when it has a unit. */
  static Optional<String> missingUnits(String architecture) {
    String cpuInfo;
    try {
      cpuInfo = Files.readString(CPU_INFO);
    } catch (IOException e) {
      return Optional.of(
          "compute mode bf16 needs to know the CPU's units, and "
              + CPU_INFO
              + " cannot be read ("
              + e
              + "); ask for compute mode exact");
    }
    return missingUnits(architecture, cpuInfo);
  }

  static Optional<String> missingUnits(String architecture, String cpuInfo) {
    Set<String> flags = new TreeSet<>();
    String model = "this CPU";
    for (String line : cpuInfo.split("\n")) {
      String[] field = line.split("\\s*:\\s*", 2);
      if (field.length == 2 && (field[0].equals("flags") || field[0].equals("Features"))) {
        flags.addAll(Arrays.asList(field[1].trim().split("\\s+")));
      } else if (field.length == 2 && field[0].equals("model name")) {
        model = field[1].trim();
      }
    }
    List<String> wanted = unitFlags(architecture);
    if (wanted.stream().anyMatch(flags::contains)) {
      return Optional.empty();
    }
    return Optional.of(
        "compute mode bf16 needs a CPU with the flag "
            + String.join(" or ", wanted)
            + " in "
            + CPU_INFO
            + ", and "
            + model
            + " has none; run on another type of machine, or ask for compute mode exact");
  }

  /**
   * Whether oneDNN's code of that name uses the units. It always has code that uses none, slower
   * than exact mode: {@code ref}, and on arm64 what is called {@code gemm:jit:bf16} as the fast
   * code of x86-64 is.
   */
  static boolean areUsedBy(String implementation, String architecture) {
    return !implementation.startsWith("ref")
        && !(architecture.equals("aarch64") && implementation.startsWith("gemm"));
  }

  private static List<String> unitFlags(String architecture) {
    return switch (architecture) {
      case "amd64" -> X86_FLAGS;
      case "aarch64" -> ARM_FEATURES;
      default -> List.of();
    };
  }
}
