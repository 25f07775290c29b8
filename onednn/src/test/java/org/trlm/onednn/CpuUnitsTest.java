package org.trlm.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is said of CPUs with and without the units. */
class CpuUnitsTest {

  @Test
  void aCpuWithAUnitMissesNothing() {
    assertThat(CpuUnits.missingUnits("amd64", cpu("flags", "fpu avx2 avx512_bf16 fsrm"))).isEmpty();
    assertThat(CpuUnits.missingUnits("amd64", cpu("flags", "fpu amx_bf16"))).isEmpty();
    assertThat(CpuUnits.missingUnits("aarch64", cpu("Features", "fp asimd bf16 i8mm"))).isEmpty();
  }

  @Test
  void aCpuWithoutNamesItselfAndTheFlags() {
    assertThat(CpuUnits.missingUnits("amd64", cpu("flags", "fpu avx2 avx512f")).orElseThrow())
        .contains("amx_bf16 or avx512_bf16", "Some CPU @ 2 GHz", "exact");
    assertThat(CpuUnits.missingUnits("aarch64", cpu("Features", "fp bf16x")).orElseThrow())
        .contains("flag bf16", "exact");
    assertThat(CpuUnits.missingUnits("aarch64", "").orElseThrow()).contains("this CPU");
  }

  @Test
  void codeThatUsesNoUnitsIsKnownByItsName() {
    assertThat(CpuUnits.areUsedBy("brg_matmul:avx10_1_512_amx", "amd64")).isTrue();
    assertThat(CpuUnits.areUsedBy("gemm:jit:bf16", "amd64")).isTrue();
    assertThat(CpuUnits.areUsedBy("jit:bf16", "aarch64")).isTrue();
    assertThat(CpuUnits.areUsedBy("gemm:jit:bf16", "aarch64")).isFalse();
    assertThat(CpuUnits.areUsedBy("ref:any", "amd64")).isFalse();
    assertThat(CpuUnits.areUsedBy("ref:any", "aarch64")).isFalse();
  }

  @Test
  void platformsWithoutNativesAreNamed() {
    assertThat(CpuUnits.missingPlatform("Linux", "amd64")).isEmpty();
    assertThat(CpuUnits.missingPlatform("Linux", "aarch64")).isEmpty();
    assertThat(CpuUnits.missingPlatform("Mac OS X", "aarch64").orElseThrow())
        .contains("Mac OS X on aarch64", "exact");
    assertThat(CpuUnits.missingPlatform("Linux", "riscv64").orElseThrow()).contains("riscv64");
  }

  private static String cpu(String field, String flags) {
    return "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n" + field + "\t\t: " + flags + "\n\n";
  }
}
