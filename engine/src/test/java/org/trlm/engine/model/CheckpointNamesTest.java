package org.trlm.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.trlm.engine.model.CheckpointNames.Parameter;
import org.trlm.engine.weights.CheckpointBytes;
import org.trlm.engine.weights.CheckpointFormat;
import org.trlm.engine.weights.FiniteWeights;
import org.trlm.engine.weights.GgufBuilder;
import org.trlm.engine.weights.SafetensorsBuilder;
import org.trlm.engine.weights.SafetensorsFile;
import org.trlm.engine.weights.WeightFormatException;
import org.trlm.engine.weights.WeightSource;

class CheckpointNamesTest {
  private static final Path TINY = Path.of("../examples/tiny-reasoner");

  @Test
  void theEmbeddedModelAgreesWithItsConfigurationAndIsFinite() throws IOException {
    ModelConfig config =
        ModelConfig.fromJson(Files.readAllBytes(TINY.resolve("config.json")), "config.json");
    Path file = TINY.resolve("model.safetensors");
    CheckpointBytes bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = CheckpointBytes.read(in, Files.size(file), file.toString());
    }
    WeightSource source = SafetensorsFile.open(bytes);
    CheckpointNames names = CheckpointNames.of(config, source.format());
    names.check(source);
    for (Parameter parameter : names.all()) {
      FiniteWeights finite = new FiniteWeights(source, parameter.tensorName());
      float[] row = new float[parameter.rowLength()];
      for (long r = 0; r < parameter.rows(); r++) {
        source.readRow(parameter.tensorName(), r, row, 0);
        finite.count(row, 0, row.length);
      }
      finite.check();
    }
    assertThat(names.all()).hasSize(2 + 9 * 4);
  }

  @Test
  void everyAgreeingCheckpointPasses() {
    for (boolean tied : new boolean[] {true, false}) {
      ModelConfig config = config(tied);
      assertThatCode(() -> check(config, parameters -> {})).doesNotThrowAnyException();
    }
  }

  @Test
  void disagreementsNameTensorFoundAndExpected() {
    refused(
        parameters -> parameters.remove(1),
        "tensor model.layers.0.input_layernorm.weight is missing; expected by the configuration,"
            + " with shape [8]");
    refused(
        parameters -> parameters.add(parameter("model.layers.0.self_attn.q_proj.bias", 8)),
        "tensor model.layers.0.self_attn.q_proj.bias F32 [8] (1 such in all) has no place");
    refused(
        parameters -> parameters.add(parameter("model.layers.1.input_layernorm.weight", 8)),
        "has no place in this configuration of 1 layers");
    refused(
        parameters -> replace(parameters, "mlp.gate_proj", 8, 12),
        "mlp.gate_proj.weight has shape [8, 12]; expected by the configuration: [12, 8]");
    refused(
        parameters -> replace(parameters, "self_attn.k_proj", 8, 8),
        "self_attn.k_proj.weight has shape [8, 8]; expected by the configuration: [4, 8]");
    refused(
        parameters -> replace(parameters, "embed_tokens", 17, 8),
        "model.embed_tokens.weight has shape [17, 8]; expected by the configuration: [16, 8]");
    refused(
        parameters -> replace(parameters, "embed_tokens", 0, 8),
        "model.embed_tokens.weight has shape [0, 8]; expected by the configuration: [16, 8]");
  }

  @Test
  void anUntiedModelNeedsItsOutputLayer() {
    assertThatThrownBy(() -> check(config(false), parameters -> parameters.remove(11)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("tensor lm_head.weight is missing")
        .hasMessageContaining("or set tie_word_embeddings to true");
  }

  @Test
  void aTiedModelMayRepeatItsTableButNotContradictIt() {
    ModelConfig config = config(true);
    CheckpointNames names = CheckpointNames.of(config, CheckpointFormat.SAFETENSORS);
    float[] other = ones(16 * 8);
    names.check(file(names.all(), parameter("lm_head.weight", 16, 8), ones(16 * 8)));
    other[8 * 3 + 2] = 2;
    assertThatThrownBy(
            () -> names.check(file(names.all(), parameter("lm_head.weight", 16, 8), other)))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining(
            "tensor lm_head.weight differs from model.embed_tokens.weight in row 3, but"
                + " tie_word_embeddings is true");
  }

  @Test
  void frequenciesThatOlderCheckpointsCarryAreIgnored() {
    check(
        config(true),
        parameters -> parameters.add(parameter("model.layers.0.self_attn.rotary_emb.inv_freq", 2)));
  }

  @Test
  void typesThatCannotBeReadAreNamed() {
    CheckpointNames names = CheckpointNames.of(config(true), CheckpointFormat.SAFETENSORS);
    SafetensorsBuilder builder = new SafetensorsBuilder();
    for (Parameter parameter : names.all()) {
      int elements = (int) Arrays.stream(parameter.shape()).reduce(1, (a, b) -> a * b);
      builder.tensor(parameter.tensorName(), "F8_E4M3", parameter.shape(), new byte[elements]);
    }
    assertThatThrownBy(() -> names.check(SafetensorsBuilder.open(builder.build())))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("model.embed_tokens.weight is stored as F8_E4M3; allowed: F32");
  }

  @Test
  void weightsThatAreNotFiniteAreCounted() {
    float[] values = {1, Float.NaN, 2, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0};
    WeightSource source =
        SafetensorsBuilder.open(
            new SafetensorsBuilder().floats("a", new long[] {6}, values).build());
    FiniteWeights finite = new FiniteWeights(source, "a");
    finite.count(values, 0, 6);
    assertThatThrownBy(finite::check)
        .isInstanceOf(WeightFormatException.class)
        .hasMessageContaining("tensor a F32 [6] holds 3 values that are NaN or infinite");
  }

  @Test
  void ggufRowsOfQAndKAreInterleavedPerHead() {
    Parameter q = CheckpointNames.of(config(true), CheckpointFormat.GGUF).qProj(0);
    assertThat(q.tensorName()).isEqualTo("blk.0.attn_q.weight");
    List<Long> stored = new ArrayList<>();
    for (long row = 0; row < q.rows(); row++) {
      stored.add(q.storedRow(row));
    }
    assertThat(stored).containsExactly(0L, 2L, 1L, 3L, 4L, 6L, 5L, 7L);
    Parameter huggingFace = CheckpointNames.of(config(true), CheckpointFormat.SAFETENSORS).qProj(0);
    assertThat(huggingFace.storedRow(5)).isEqualTo(5);
  }

  @Test
  void rotaryFrequenciesAreThoseOfTransformers() {
    float[] plain = RopeFrequencies.of(rope(64, 10_000, RopeScaling.NONE), empty());
    assertThat(plain).hasSize(32);
    assertThat(plain[0]).isEqualTo(1);
    for (int i = 0; i < 32; i++) {
      assertThat((double) plain[i])
          .isCloseTo(
              StrictMath.pow(10_000, -2.0 * i / 64),
              org.assertj.core.data.Percentage.withPercentage(2e-5));
    }
  }

  @Test
  void llama3ScalingKeepsShortWavesAndDividesLongOnes() {
    RopeScaling.Llama3 scaling = new RopeScaling.Llama3(8, 1, 4, 8192);
    float[] plain = RopeFrequencies.of(rope(128, 500_000, RopeScaling.NONE), empty());
    float[] scaled = RopeFrequencies.of(rope(128, 500_000, scaling), empty());
    int kept = 0;
    int divided = 0;
    for (int i = 0; i < 64; i++) {
      double wavelength = 2 * Math.PI / plain[i];
      if (wavelength < 8192 / 4.0) {
        assertThat(scaled[i]).isEqualTo(plain[i]);
        kept++;
      } else if (wavelength > 8192) {
        assertThat(scaled[i]).isEqualTo(plain[i] / 8);
        divided++;
      } else {
        assertThat(scaled[i]).isBetween(plain[i] / 8, plain[i]);
      }
    }
    assertThat(kept).isEqualTo(29);
    assertThat(divided).isEqualTo(29);
  }

  @Test
  void ggufDivisorsAreApplied() {
    byte[] file = new GgufBuilder().floats("rope_freqs.weight", new long[] {2}, 1, 4).build();
    float[] found = RopeFrequencies.of(rope(4, 100, RopeScaling.NONE), GgufBuilder.open(file));
    assertThat(found).containsExactly(1, 0.1f / 4);
    for (float wrong : new float[] {0, -1, Float.NaN}) {
      byte[] bad = new GgufBuilder().floats("rope_freqs.weight", new long[] {2}, 1, wrong).build();
      assertThatThrownBy(
              () -> RopeFrequencies.of(rope(4, 100, RopeScaling.NONE), GgufBuilder.open(bad)))
          .isInstanceOf(WeightFormatException.class)
          .hasMessageContaining("holds " + wrong + " at 1; allowed: numbers above 0");
    }
    assertThatThrownBy(
            () -> RopeFrequencies.of(rope(8, 100, RopeScaling.NONE), GgufBuilder.open(file)))
        .hasMessageContaining("must hold one divisor per pair of head dimensions: shape [4]");
  }

  private static void refused(Consumer<List<Parameter>> change, String message) {
    assertThatThrownBy(() -> check(config(true), change))
        .isInstanceOf(WeightFormatException.class)
        .hasMessageStartingWith("model.safetensors: ")
        .hasMessageContaining(message);
  }

  private static void check(ModelConfig config, Consumer<List<Parameter>> change) {
    CheckpointNames names = CheckpointNames.of(config, CheckpointFormat.SAFETENSORS);
    List<Parameter> parameters = names.all();
    change.accept(parameters);
    names.check(file(parameters, null, null));
  }

  private static WeightSource file(List<Parameter> parameters, Parameter more, float[] values) {
    SafetensorsBuilder builder = new SafetensorsBuilder();
    for (Parameter parameter : parameters) {
      int elements = (int) Arrays.stream(parameter.shape()).reduce(1, (a, b) -> a * b);
      builder.floats(parameter.tensorName(), parameter.shape(), ones(elements));
    }
    if (more != null) {
      builder.floats(more.tensorName(), more.shape(), values);
    }
    return SafetensorsBuilder.open(builder.build());
  }

  private static void replace(List<Parameter> parameters, String part, long... shape) {
    parameters.replaceAll(
        old -> old.tensorName().contains(part) ? parameter(old.tensorName(), shape) : old);
  }

  private static Parameter parameter(String name, long... shape) {
    return new Parameter(name, shape, CheckpointNames.RowOrder.AS_STORED, 0);
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static WeightSource empty() {
    return SafetensorsBuilder.open(new SafetensorsBuilder().build());
  }

  private static ModelConfig config(boolean tied) {
    return new ModelConfig(
        16, 8, 12, 1, 2, 1, 4, 1e-5f, 10_000, RopeScaling.NONE, 64, tied, 1, List.of(2));
  }

  private static ModelConfig rope(int headDim, double theta, RopeScaling scaling) {
    return new ModelConfig(
        16, headDim, 12, 1, 1, 1, headDim, 1e-5f, theta, scaling, 64, true, 1, List.of(2));
  }
}
