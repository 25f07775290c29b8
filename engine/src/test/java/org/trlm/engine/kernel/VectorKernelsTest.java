package org.trlm.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The vector kernels return the bits of the scalar definition, at every width this CPU has. */
class VectorKernelsTest {

  private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";

  @Test
  void theVectorProviderIsActive() {
    assertThat(KernelProvider.vectorAvailable())
        .as("tests must run with the vector kernels: the CPU has vectors and the module is added")
        .isTrue();
    assertThat(KernelProvider.vector().name()).matches("vector-(128|256|512)");
  }

  @Test
  void equalsTheScalarDefinitionToTheBit() {
    long seed = new Random().nextLong();
    System.out.println("kernel scenarios: seed " + seed);
    for (int round = 0; round < KernelScenarios.ROUNDS; round++) {
      Map<String, float[]> expected = KernelScenarios.run(KernelProvider.scalar(), seed + round);
      Map<String, float[]> actual = KernelScenarios.run(KernelProvider.vector(), seed + round);
      assertThat(actual.keySet()).isEqualTo(expected.keySet());
      for (String label : expected.keySet()) {
        assertThat(bits(actual.get(label)))
            .as("%s, seed %d", label, seed + round)
            .isEqualTo(bits(expected.get(label)));
      }
    }
  }

  /** Activations of so many columns do not fit one sweep over the weights. */
  @ParameterizedTest
  @EnumSource(PanelDtype.class)
  void sweepsOverTheWeightsDoNotChangeTheBits(PanelDtype dtype) {
    int numCols = 9001;
    int tokens = 50;
    Random random = new Random(7);
    float[] values = new float[tokens * numCols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    MatrixRows rows =
        new MatrixRows(
            "test",
            2,
            numCols,
            dtype,
            (row, into, at) -> System.arraycopy(values, row * numCols, into, at, numCols));
    float[] expected = new float[tokens * Kernels.PANEL_OUTPUTS];
    float[] actual = new float[tokens * Kernels.PANEL_OUTPUTS];
    int stride = Kernels.PANEL_OUTPUTS;
    packed(KernelProvider.scalar(), rows).multiply(values, 0, numCols, tokens, expected, 0, stride);
    packed(KernelProvider.vector(), rows).multiply(values, 0, numCols, tokens, actual, 0, stride);
    assertThat(bits(actual)).isEqualTo(bits(expected));
  }

  private static WeightMatrix packed(Kernels kernels, MatrixRows rows) {
    return kernels.pack(List.of(rows)).get(0);
  }

  /** Widths that the CPU does not have fall back to the widest it has, which is tested again. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:MaxVectorSize=16",
        "-XX:MaxVectorSize=32",
        "-XX:MaxVectorSize=64",
        "-XX:UseAVX=2"
      })
  void everyVectorWidthGivesTheSameBits(String option) throws Exception {
    long seed = 20260101;
    Forked fork = fork(List.of(VECTOR_MODULE, option), "KernelScenarios", Long.toString(seed));
    assertThat(fork.exitCode).as(fork.output).isZero();
    String[] nameAndDigest = fork.lastLine().split(" ");
    System.out.println(option + ": " + nameAndDigest[0]);
    assertThat(nameAndDigest[1])
        .as("%s with %s", nameAndDigest[0], option)
        .isEqualTo(KernelScenarios.digest(KernelProvider.scalar(), seed));
    if (option.equals("-XX:MaxVectorSize=16")) {
      assertThat(nameAndDigest[0]).isEqualTo("vector-128");
    }
  }

  @Test
  void aMissingModuleIsNamed() throws Exception {
    Forked fork = fork(List.of(), "KernelScenarios", "1");
    assertThat(fork.exitCode).isNotZero();
    assertThat(fork.output)
        .contains("IllegalStateException")
        .contains("add --add-modules jdk.incubator.vector to its options");
  }

  private record Forked(int exitCode, String output) {
    String lastLine() {
      String[] lines = output.strip().split("\n");
      return lines[lines.length - 1];
    }
  }

  private static Forked fork(List<String> options, String mainClass, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+IgnoreUnrecognizedVMOptions"));
    command.addAll(options);
    command.addAll(
        List.of(
            "-cp",
            location(Kernels.class) + File.pathSeparator + location(VectorKernelsTest.class)));
    command.add(VectorKernelsTest.class.getPackageName() + "." + mainClass);
    command.addAll(Arrays.asList(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Forked(process.waitFor(), output);
  }

  private static String location(Class<?> type) {
    return new File(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getPath();
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      // Java does not fix the sign and payload of a NaN that arithmetic makes
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
